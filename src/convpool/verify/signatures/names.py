"""What people call the things that an operator takes and returns: tables, and how to look in them.

Names are compared without case and underscores: `dL_dY` is `dldy`.
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

# What a parameter takes, by role. The roles up to "output_padding" are the operators' own words,
# the others are parts of those or follow from them.
TAKEN = {
    "dy": "dy dout dz da d_next next_dz next_delta grad gradient grads grad_output grad_outputs "
    "grad_out output_grad upstream upstream_grad dLdy dLdz dLda dLdout dL_dout delta deltas "
    "d_out d_output dpool dconv top_diff error err sensitivity sensitivity_array cotangent",
    "x": "x z input inputs input_data input_array input_tensor image images img imgs a_prev prev_a "
    "xs data feature feature_map feature_maps features fmap bottom inp x_in",
    "col": "col cols columns x_col x_cols dcol dcols matrix",
    "y": "y out output outputs pooled a",
    "indices": "indices index idx argmax arg_max switches locations",
    "weight": "weight weights w wt theta filter_weights",
    "bias": "bias biases b",
    "kernel_size": "kernel_size kernel_shape kernel_dims ksize k_size pool_size pool_shape pooling "
    "pooling_size window window_size window_shape filter_size filter_shape size field_size",
    "stride": "stride strides s step steps",
    "padding": "padding paddings pad pads p pad_size pad_width zero_padding zero_pad",
    "dilation": "dilation dilations d dilation_rate rate dilate",
    "ceil_mode": "ceil_mode ceil",
    "count_include_pad": "count_include_pad include_pad count_pad",
    "divisor_override": "divisor_override divisor",
    "return_indices": "return_indices return_argmax with_indices",
    "norm_type": "norm_type norm ord order power exponent",
    "output_size": "output_size out_size output_shape target_size bins",
    "groups": "groups group num_groups n_groups",
    "output_padding": "output_padding out_padding output_pad out_pad",
    "kernel_rows": "filter_h pool_h kernel_h window_h kh fh h_k pool_height filter_height "
    "kernel_height field_height window_height kernel_rows pool_rows k_h f_h fr k1 hh",
    "kernel_cols": "filter_w pool_w kernel_w window_w kw fw w_k pool_width filter_width "
    "kernel_width field_width window_width kernel_cols pool_cols k_w f_w fc k2 ww",
    "stride_rows": "stride_h sh s_h stride_y stride_height stride_rows s1",
    "stride_cols": "stride_w sw s_w stride_x stride_width stride_cols s2",
    "padding_rows": "pad_h ph p_h padding_h pad_y pad_height padding_height pad_rows p1",
    "padding_cols": "pad_w pw p_w padding_w pad_x padding_width pad_cols p2",
    "dilation_rows": "dilation_h dilation_y dilation_height dilation_rows",
    "dilation_cols": "dilation_w dilation_x dilation_width dilation_cols",
    "output_rows": "out_h output_h h_out out_height output_height out_rows",
    "output_cols": "out_w output_w w_out out_width output_width out_cols",
    "x_shape": "x_shape input_shape input_size in_shape im_shape image_shape img_shape shape "
    "original_shape z_shape",
    "x_rows": "input_height in_rows height input_h in_h",
    "x_cols": "input_width in_cols width input_w in_w",
    "weight_shape": "w_shape weight_shape weights_shape",
    "in_channels": "in_channels in_ch in_channel cin c_in n_in input_channels channels "
    "channel_number num_channels",
    "out_channels": "out_channels out_ch out_channel cout c_out n_out output_channels n_filters "
    "num_filters filter_number",
    "mode": "mode method pool_type pooling_type pool_mode pool_method",
    "settings": "conv_param pool_param conv_params pool_params hparameters hparams hyperparameters",
    "cache": "cache caches memory tape saved stash context ctx",
    "layout": "layout",
    "learning_rate": "learning_rate learn_rate lr eta",
}

# Words that say something else to operators with such a name, the longest one that fits.
HERE = {
    "conv": {
        "weight": "kernel kernels filter filters f k kernel_array",
        "x": "a",
    },
    "pool": {
        "kernel_size": "kernel filter filters pool f k",
        "x": "a",
    },
    "adaptive": {"output_size": "size sizes grid"},
    "lp_pool2d": {"norm_type": "p", "kernel_size": "kernel filter pool f k"},
    "unpool": {"y": "x input inputs pooled z", "kernel_size": "kernel filter pool f k"},
    "unfold": {"kernel_size": "kernel filter f k", "x": "a"},
    "fold": {"kernel_size": "kernel filter f k", "col": "x input inputs"},
}

# What a result is called: keys of a returned dict, attributes of a layer.
RETURNED = {
    "y": "y out output outputs output_array z a result",
    "dx": "dx dz dx_prev da_prev d_input dinput dinputs grad_input input_grad grad_x x_grad d_prev "
    "delta delta_array dxs",
    "dweight": "dweight dweights dw d_weight d_weights weight_grad weights_grad grad_weight "
    "grad_weights grad_w w_grad dfilter dfilters dkernel dkernels dk dtheta",
    "dbias": "dbias db d_bias bias_grad grad_bias grad_b b_grad dbiases",
    "col": "col cols columns x_col x_cols",
    "x": "x img image",
    "indices": "indices index idx argmax arg_max",
}


def plain(name: str) -> str:
    """A name without case and underscores."""
    return name.lower().replace("_", "")


def _turned(table: Mapping[str, str]) -> dict[str, str]:
    return {plain(name): role for role, names in table.items() for name in names.split()}


ROLES = _turned(TAKEN)
ROLES_HERE = {part: _turned(table) for part, table in HERE.items()}
RESULTS = _turned(RETURNED)


def role(name: str, op: str) -> str | None:
    """What a parameter of this name takes in a function for `op`, if the name says so."""
    longest = max((part for part in HERE if part in op), key=len)
    return ROLES_HERE[longest].get(plain(name), ROLES.get(plain(name)))


def roles(function: Any, op: str) -> set[str | None]:
    """What the parameters of a function take, if it shows them."""
    try:
        return {role(name, op) for name in inspect.signature(function).parameters}
    except (TypeError, ValueError):  # a builtin of a library
        return set()


def result(name: str) -> str | None:
    """What a result of this name is."""
    return RESULTS.get(plain(name))


def listed(names: Iterable[Any]) -> str:
    """Names, for a message."""
    return ", ".join(str(name) for name in names) or "nothing"


def shown(function: Any, parameters: Iterable[inspect.Parameter]) -> str:
    """A function with its parameters, for a message."""
    return f"{called(function)}({', '.join(parameter.name for parameter in parameters)})"


def called(function: Any) -> str:
    """What a function or an object is called."""
    return getattr(function, "__name__", type(function).__name__)
