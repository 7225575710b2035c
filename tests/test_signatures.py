"""Functions as people write them: each is asked in its own words, right ones pass, wrong ones fail.

The functions here are written by hand, apart from the package: a loop that says what it does, and
the same loop with one mistake.
"""

import sys
from types import ModuleType

import numba
import numpy as np
import pytest

from convpool import operators, vectorized
from convpool.verify import conformance


def pool_loop(dout, x, kernel, stride, pad=(0, 0)):
    """The gradient of max pooling, for whoever needs one: sizes in pairs."""
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, pad
    around = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    padded = np.pad(x, around, constant_values=-np.inf)
    dpadded = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(dout.shape):
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dpadded[n, c, i * sh + u, j * sw + v] += dout[n, c, i, j]
    return dpadded[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]


def max_loop(x, kernel, stride, pad=(0, 0)):
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, pad
    around = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    padded = np.pad(x, around, constant_values=-np.inf)
    out = [(size - k) // s + 1 for size, k, s in zip(padded.shape[2:], kernel, stride, strict=True)]
    y = np.zeros((*x.shape[:2], *out), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw].max()
    return y


def conv_loop(x, w, b, stride, pad):
    """A convolution and its gradients, one stride and one padding for both axes."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    kh, kw = w.shape[2:]
    out = [(size - k) // stride + 1 for size, k in zip(padded.shape[2:], (kh, kw), strict=True)]
    y = np.zeros((len(x), len(w), *out), x.dtype)
    for n, f, i, j in np.ndindex(y.shape):
        h, v = i * stride, j * stride
        y[n, f, i, j] = (padded[n, :, h : h + kh, v : v + kw] * w[f]).sum() + b[f]
    return y


def conv_loop_backward(dout, x, w, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(len(w), w.dtype)
    kh, kw = w.shape[2:]
    for n, f, i, j in np.ndindex(dout.shape):
        h, v = i * stride, j * stride
        dw[f] += dout[n, f, i, j] * padded[n, :, h : h + kh, v : v + kw]
        dpadded[n, :, h : h + kh, v : v + kw] += dout[n, f, i, j] * w[f]
        db[f] += dout[n, f, i, j]
    H, W = x.shape[2:]
    return dpadded[:, :, pad : pad + H, pad : pad + W], dw, db


def names(findings):
    return [finding.trial.name for finding in findings]


def reasons(report):
    return {finding.reason for finding in report.unsupported}


def notes(report):
    return {note for finding in report.findings for note in finding.notes}


class TestArguments:
    def test_sizes_in_pairs_are_given_where_the_defaults_are_pairs(self):
        def backward(next_dz, z, pooling, strides=(2, 2), padding=(0, 0)):
            return pool_loop(next_dz, z, pooling, strides, padding)

        report = conformance(backward, "max_pool2d_backward")
        assert report.passed
        assert reasons(report) >= {"takes no dilation", "takes no ceil_mode"}
        assert "non-square padding: 1 and 0" not in names(report.unsupported)
        assert "asymmetric padding: 1 above, 1 on the right" in names(report.unsupported)

    def test_sizes_in_pairs_are_given_where_numbers_raise(self):
        def backward(dout, x, kernel_size, stride, padding):
            return pool_loop(dout, x, kernel_size, stride, padding)

        report = conformance(backward, "max_pool2d_backward")
        assert report.passed
        assert "non-square stride: 1 and 2" not in names(report.unsupported)

    def test_a_function_with_one_stride_is_not_asked_for_two(self):
        def backward(dLdy, inputs, pool_h, pool_w, stride, pad=0):
            strides, pads = (stride * 1, stride * 1), (pad * 1, pad * 1)
            assert isinstance(stride, int), "one stride, please"
            return pool_loop(dLdy, inputs, (pool_h, pool_w), strides, pads)

        report = conformance(backward, "max_pool2d_backward")
        assert report.passed
        assert "non-square stride: 1 and 2" in names(report.unsupported)

    def test_a_height_and_a_width_may_come_apart(self):
        def forward(x, kh, kw, stride_h, stride_w, pad_h, pad_w):
            return max_loop(x, (kh, kw), (stride_h, stride_w), (pad_h, pad_w))

        report = conformance(forward, "max_pool2d")
        assert report.passed
        assert "takes one padding for both sides" in reasons(report)

    def test_a_height_and_a_width_of_the_output_may_come_apart(self):
        def forward(x, out_h, out_w):
            y = np.zeros((*x.shape[:2], out_h, out_w), x.dtype)
            H, W = x.shape[2:]
            for i, j in np.ndindex(out_h, out_w):
                rows = slice(i * H // out_h, -(-(i + 1) * H // out_h))
                y[:, :, i, j] = x[:, :, rows, j * W // out_w : -(-(j + 1) * W // out_w)].mean(
                    (2, 3)
                )
            return y

        report = conformance(forward, "adaptive_avg_pool2d")
        assert report.passed
        assert not report.unsupported

    @pytest.mark.parametrize("dy", ["dout", "next_dz", "grad_output", "dLdy", "delta", "dL_dout"])
    def test_the_upstream_gradient_is_known_by_many_names_and_places(self, dy):
        scope = {"pool_loop": pool_loop}
        exec(f"def f(x, k, s, p, {dy}): return pool_loop({dy}, x, (k, k), (s, s), (p, p))", scope)
        assert conformance(scope["f"], "max_pool2d_backward").passed

    def test_unknown_names_are_taken_by_their_place(self):
        def backward(one, two, three, four):
            return pool_loop(one, two, three, four)

        assert conformance(backward, "max_pool2d_backward").passed

    def test_an_unknown_name_with_a_default_keeps_it(self):
        def backward(dy, x, kernel_size, stride, verbose=False):
            assert verbose is False
            return pool_loop(dy, x, kernel_size, stride)

        assert conformance(backward, "max_pool2d_backward").passed

    def test_without_a_stride_windows_lie_side_by_side(self):
        def backward(dout, x, size):
            return pool_loop(dout, x, (size, size), (size, size))

        report = conformance(backward, "max_pool2d_backward")
        assert report.passed
        assert "takes no stride" in reasons(report)
        assert "side by side: 2 × 2, stride 2" not in names(report.unsupported)

    def test_hyperparameters_may_come_in_a_dict(self):
        def conv_backward(dout, x, w, conv_param):
            return conv_loop_backward(dout, x, w, conv_param["stride"], conv_param.get("pad", 0))

        def pool_backward(dout, x, pool_param):
            size = pool_param["pool_height"], pool_param["pool_width"]
            return pool_loop(dout, x, size, (pool_param["stride"],) * 2)

        report = conformance(conv_backward, "conv2d_backward")
        assert report.passed
        assert "takes no dilation" in reasons(report)
        assert "padding 1: 3 × 3" not in names(report.unsupported)
        report = conformance(pool_backward, "max_pool2d_backward")
        assert report.passed
        assert "takes no padding" in reasons(report)

    def test_a_key_that_no_operator_has_is_not_supported(self):
        def backward(dout, x, pool_param):
            return pool_param["colour"]

        report = conformance(backward, "max_pool2d_backward")
        assert not report.passed
        assert not report.failures
        assert reasons(report) == {"reads 'colour', which is no argument of max_pool2d_backward"}

    def test_the_shape_of_the_input_may_stand_for_the_input(self):
        def backward(dout, input_shape, pool_size, stride):
            dx = np.zeros(input_shape)
            for n, c, i, j in np.ndindex(dout.shape):
                here = slice(i * stride, i * stride + pool_size)
                there = slice(j * stride, j * stride + pool_size)
                dx[n, c, here, there] += dout[n, c, i, j] / pool_size**2
            return dx

        assert conformance(backward, "avg_pool2d_backward").passed

    def test_the_output_of_the_forward_pass_may_be_asked_for(self):
        def backward(dz, z, out):
            return dz[:, :, None, None] * (z == out[:, :, None, None])

        report = conformance(backward, "global_max_pool2d_backward")
        assert report.diagnosis == "every global maximum"

    def test_a_kind_of_pooling_is_named(self):
        def backward(dout, x, k, s, mode="max"):
            if mode == "max":
                return pool_loop(dout, x, (k, k), (s, s))
            if mode != "mean":
                raise KeyError(mode)
            dx = np.zeros_like(x)
            for n, c, i, j in np.ndindex(dout.shape):
                dx[n, c, i * s : i * s + k, j * s : j * s + k] += dout[n, c, i, j] / k**2
            return dx

        assert conformance(backward, "max_pool2d_backward").passed
        assert conformance(backward, "avg_pool2d_backward").passed

    def test_a_convolution_without_a_bias_gets_it_added_and_that_is_said(self):
        def forward(X, W, stride, pad):
            return conv_loop(X, W, np.zeros(len(W)), stride, pad)

        report = conformance(forward, "conv2d")
        assert report.passed
        assert "takes no bias: it was added to what the function returns" in notes(report)

    def test_a_wrong_function_is_diagnosed_in_its_own_words(self):
        def backward(next_dz, z, pooling, strides=(2, 2), padding=(0, 0)):
            ph, pw = padding
            padded = np.pad(z, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
            dz = pool_loop(next_dz, padded, pooling, strides)
            return dz[:, :, ph : ph + z.shape[2], pw : pw + z.shape[3]]

        report = conformance(backward, "max_pool2d_backward")
        assert report.diagnosis == "zero padding in max"

    def test_four_numbers_of_padding_are_rows_then_columns(self):
        def forward(x, kernel_size, stride, pad):
            top, bottom, left, right = (pad,) * 4 if isinstance(pad, int) else pad
            around = ((0, 0), (0, 0), (top, bottom), (left, right))
            padded = np.pad(x, around, constant_values=-np.inf)
            return max_loop(padded, (kernel_size,) * 2, (stride,) * 2)

        report = conformance(forward, "max_pool2d")
        assert report.passed
        assert "asymmetric padding: 1 above, 1 on the right" not in names(report.unsupported)

    def test_a_compiled_function_that_takes_numbers_is_not_held_to_pairs(self):
        @numba.njit
        def backward(dout, x_shape, k, s):
            dx = np.zeros(x_shape, dout.dtype)
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    for u in range(k):
                        for v in range(k):
                            dx[:, :, i * s + u, j * s + v] += dout[:, :, i, j] / (k * k)
            return dx

        report = conformance(backward, "avg_pool2d_backward", limit=60)
        assert report.passed
        assert "non-square stride: 1 and 2" in names(report.unsupported)

    def test_every_operator_of_the_package_is_asked_every_case(self):
        for op in ("max_pool2d", "conv2d_backward", "fold", "max_unpool2d", "lp_pool2d"):
            report = conformance(getattr(operators, op), op)
            assert report.passed
            assert not report.unsupported


class TestResults:
    def test_results_in_another_order_are_named(self):
        def backward(dout, x, w, stride, pad):
            dx, dw, db = conv_loop_backward(dout, x, w, stride, pad)
            return dw, db, dx

        report = conformance(backward, "conv2d_backward")
        assert not report.passed
        assert "the shapes fit returns='dweight, dbias, dx'" in notes(report)
        assert conformance(backward, "conv2d_backward", returns="dweight, dbias, dx").passed

    def test_results_may_come_in_a_dict(self):
        def backward(dout, x, w, stride, pad):
            dx, dw, db = conv_loop_backward(dout, x, w, stride, pad)
            return {"dW": dw, "db": db, "dA_prev": dx}

        assert conformance(backward, "conv2d_backward").passed

    def test_a_single_array_is_the_first_result_and_the_others_are_not_checked(self):
        def backward(dout, x, w, stride, pad):
            return conv_loop_backward(dout, x, w, stride, pad)[0]

        report = conformance(backward, "conv2d_backward")
        assert report.passed
        assert notes(report) == {"not returned, and not checked: dweight, dbias"}

    def test_one_result_of_three_may_be_examined(self):
        def weight_gradient(dout, x, w, stride, pad):
            return conv_loop_backward(dout, x, w, stride, pad)[1]

        assert conformance(weight_gradient, "conv2d_backward", returns="dweight").passed
        assert not conformance(weight_gradient, "conv2d_backward", returns="dx").passed

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (None, "dx is nothing, expected an array: does the function return it?"),
            ([[1.0]], "dx is a list, expected an array"),
            ("dx", "dx is a str, expected an array"),
            (np.array(["a"]), "dx holds <U1, expected numbers"),
            ({"gradient": 1}, "returns a dict of gradient, expected dx"),
            ((np.ones(1), np.ones(1)), "returns 2 results, expected 1: dx"),
        ],
    )
    def test_what_is_no_array_is_said(self, given, said):
        def backward(dy, x, kernel_size):
            return given

        report = conformance(backward, "max_pool2d_backward")
        assert {finding.reason for finding in report.failures} == {said}

    def test_a_forward_pass_may_return_a_mask_too(self):
        def forward(x, k, s):
            return max_loop(x, (k, k), (s, s)), "mask"

        assert conformance(forward, "max_pool2d").passed

    @pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
    def test_writing_into_an_argument_is_seen_in_every_layout(self, layout):
        def backward(dout, x):
            dout /= x[0, ..., 0].size
            shape = dout[:, :, None, None] if layout == "NCHW" else dout[:, None, None, :]
            return np.zeros_like(x) + shape

        report = conformance(backward, "global_avg_pool2d_backward", layout=layout)
        assert all("writes into dy" in finding.reason for finding in report.failures)
        assert "one plane" in names(report.failures)

    def test_a_bias_gradient_may_keep_the_axes_of_its_bias(self):
        def backward(dout, x, w, stride, pad):
            dx, dw, db = conv_loop_backward(dout, x, w, stride, pad)
            return dx, dw, db.reshape(1, -1, 1, 1)

        assert conformance(backward, "conv2d_backward").passed

    def test_another_dtype_is_noted(self):
        def backward(dy, x, k, s):
            return pool_loop(dy, x, (k, k), (s, s)).astype("float64")

        report = conformance(backward, "max_pool2d_backward")
        assert report.passed
        assert notes(report) == {"dx is float64 where the input is float32"}


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (dict(op="max_pool3d"), "op must be one of .*max_pool2d.*, got 'max_pool3d'"),
            (dict(signature="numpy"), "signature must be one of auto, .*torch, got 'numpy'"),
            (dict(layout="HWC"), "layout must be 'NCHW' or 'NHWC', got 'HWC'"),
            (dict(weights="OHWI"), "weights must be one of OIHW, HWIO, .*got 'OHWI'"),
            (dict(returns="dw"), "returns must name some of dx, got 'dw'"),
            (dict(returns="dx,dx"), "returns must name some of dx, got 'dx,dx'"),
            (dict(signature="layer"), "signature 'layer': pool_loop has no method forward"),
            (dict(signature="context"), "signature 'context': pool_loop has no static method"),
            (dict(signature="cache"), "pool_loop takes a cache: hand in .* as forward="),
            (dict(signature="rows"), "signature 'rows' is for unfold and fold, not for max_pool2d"),
        ],
    )
    def test_an_option_that_does_not_exist_is_refused(self, options, said):
        with pytest.raises(ValueError, match=said):
            conformance(pool_loop, **(dict(op="max_pool2d_backward") | options))

    def test_a_function_without_a_place_for_the_gradient_is_refused(self):
        def backward(x, k):
            return x

        said = r"backward\(x, k\): found nothing for dy; max_pool2d_backward takes dy, x, kernel"
        with pytest.raises(ValueError, match=said):
            conformance(backward, "max_pool2d_backward")

    def test_a_parameter_without_a_meaning_is_refused(self):
        def backward(dy, x, colour):
            return x

        with pytest.raises(ValueError, match="found no use for colour; global_avg_pool2d_backward"):
            conformance(backward, "global_avg_pool2d_backward")

    def test_what_cannot_be_called_is_refused(self):
        with pytest.raises(ValueError, match="3 is neither a function nor a layer"):
            conformance(3, "max_pool2d")

    def test_a_function_that_wants_a_cache_needs_the_one_that_makes_it(self):
        def backward(dout, cache):
            return dout

        with pytest.raises(ValueError, match=r"backward takes a cache: .* forward="):
            conformance(backward, "max_pool2d_backward")


class TestLayouts:
    def test_our_own_operators_take_the_layout_themselves(self):
        for op in ("max_pool2d_backward", "conv2d", "conv2d_backward", "unfold", "fold"):
            report = conformance(getattr(operators, op), op, layout="NHWC")
            assert report.passed
            assert not report.unsupported

    def test_with_channels_last_weights_end_in_their_channels_too(self):
        def forward(X, W, b, stride, pad):
            y = conv_loop(X.transpose(0, 3, 1, 2), W.transpose(3, 2, 0, 1), b, stride, pad)
            return y.transpose(0, 2, 3, 1)

        def backward(dout, X, W, stride, pad):
            dout, X = dout.transpose(0, 3, 1, 2), X.transpose(0, 3, 1, 2)
            dx, dw, db = conv_loop_backward(dout, X, W.transpose(3, 2, 0, 1), stride, pad)
            return dx.transpose(0, 2, 3, 1), dw.transpose(2, 3, 1, 0), db

        assert conformance(forward, "conv2d", layout="NHWC").passed
        assert conformance(backward, "conv2d_backward", layout="NHWC").passed
        assert not conformance(backward, "conv2d_backward").passed
        assert not conformance(backward, "conv2d_backward", layout="NHWC", weights="OIHW").passed

    def test_the_axes_of_the_weights_can_be_told(self):
        def forward(x, w, b, stride, pad):
            return conv_loop(x, w.transpose(1, 0, 2, 3), b, stride, pad)

        assert conformance(forward, "conv2d", weights="IOHW").passed
        assert not conformance(forward, "conv2d").passed

    def test_pooling_with_channels_last(self):
        def backward(dA, A_prev, f, stride):
            dA, A_prev = dA.transpose(0, 3, 1, 2), A_prev.transpose(0, 3, 1, 2)
            return pool_loop(dA, A_prev, (f, f), (stride, stride)).transpose(0, 2, 3, 1)

        assert conformance(backward, "max_pool2d_backward", layout="NHWC").passed
        assert not conformance(backward, "max_pool2d_backward").passed


def rows_of(x, filter_h, filter_w, stride, pad):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, _, H, W = padded.shape
    outs = (H - filter_h) // stride + 1, (W - filter_w) // stride + 1
    return np.array(
        [
            padded[n, :, i * stride : i * stride + filter_h, j * stride : j * stride + filter_w]
            .reshape(-1)
            for n, i, j in np.ndindex(N, *outs)
        ]
    )  # fmt: skip


class TestColumns:
    def test_im2col_gives_a_window_a_row(self):
        def im2col(input_data, filter_h, filter_w, stride=1, pad=0):
            return rows_of(input_data, filter_h, filter_w, stride, pad)

        report = conformance(im2col, "unfold")
        assert report.passed
        assert reasons(report) >= {"takes no dilation"}

    def test_the_packages_own_are_among_them(self):
        assert conformance(vectorized.im2col, "unfold").passed
        assert conformance(vectorized.col2im, "fold").passed

    def test_im2col_may_give_a_matrix_an_image_as_unfold_does(self):
        def im2col(x, kernel_size, stride, padding):
            col = rows_of(x, kernel_size, kernel_size, stride, padding)
            return col.reshape(len(x), -1, col.shape[1]).swapaxes(1, 2)

        assert conformance(im2col, "unfold").passed

    def test_im2col_may_give_a_window_a_column_images_next_to_each_other(self):
        def im2col_indices(x, field_height, field_width, padding, stride):
            rows = rows_of(x, field_height, field_width, stride, padding)
            columns = rows.reshape(len(x), -1, rows.shape[1])  # (N, L, K)
            return columns.transpose(2, 1, 0).reshape(rows.shape[1], -1)

        assert conformance(im2col_indices, "unfold").passed
        assert not conformance(im2col_indices, "unfold", signature="rows").passed

    def test_im2col_of_another_shape_is_told_the_right_one(self):
        def im2col(x, filter_h, filter_w, stride, pad):
            return rows_of(x, filter_h, filter_w, stride, pad).T

        report = conformance(im2col, "unfold")
        assert "col has shape (12, 4), expected (4, 12)" in {f.reason for f in report.failures}

    def test_col2im_that_assigns_is_diagnosed(self):
        def col2im(col, input_shape, filter_h, filter_w, stride=1, pad=0):
            N, C, H, W = input_shape
            x = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
            outs = [(H + 2 * pad - filter_h) // stride + 1, (W + 2 * pad - filter_w) // stride + 1]
            windows = col.reshape(N, *outs, C, filter_h, filter_w)
            for n, i, j in np.ndindex(N, *outs):
                rows = slice(i * stride, i * stride + filter_h)
                x[n, :, rows, j * stride : j * stride + filter_w] = windows[n, i, j]
            return x[:, :, pad : pad + H, pad : pad + W]

        assert conformance(col2im, "fold").diagnosis == "assignment in overlap"


class Pool:
    """A layer as in many books."""

    def __init__(self, pool_h, pool_w, stride=1, pad=0):
        self.pool_h, self.pool_w, self.stride, self.pad = pool_h, pool_w, stride, pad

    def forward(self, x):
        self.x = x
        return max_loop(x, (self.pool_h, self.pool_w), (self.stride,) * 2, (self.pad,) * 2)

    def backward(self, dout):
        size = self.pool_h, self.pool_w
        return pool_loop(dout, self.x, size, (self.stride,) * 2, (self.pad,) * 2)


class Conv:
    def __init__(self, w, b, stride=1, pad=0):
        self.w, self.b, self.stride, self.pad = w, b, stride, pad

    def forward(self, x):
        self.x = x
        return conv_loop(x, self.w, self.b, self.stride, self.pad)

    def backward(self, dout):
        dx, self.dw, self.db = conv_loop_backward(dout, self.x, self.w, self.stride, self.pad)
        return dx


class LazyConv:
    """Weights that are there after the first forward pass, in dicts, channels last."""

    def __init__(self, out_ch, kernel_shape, pad=0, stride=1):
        self.out_ch, self.kernel_shape, self.pad, self.stride = out_ch, kernel_shape, pad, stride
        self.params = {}

    def forward(self, X, training=True):
        if not self.params:
            kh, kw = self.kernel_shape
            weights = np.random.default_rng(0).normal(size=(kh, kw, X.shape[3], self.out_ch))
            self.params = {"W": weights, "b": np.zeros((1, 1, 1, self.out_ch))}
        self.X = X.transpose(0, 3, 1, 2)
        w, b = self.params["W"].transpose(3, 2, 0, 1), self.params["b"][0, 0, 0]
        return conv_loop(self.X, w, b, self.stride, self.pad).transpose(0, 2, 3, 1)

    def backward(self, dLdy):
        dout, w = dLdy.transpose(0, 3, 1, 2), self.params["W"].transpose(3, 2, 0, 1)
        dx, dw, db = conv_loop_backward(dout, self.X, w, self.stride, self.pad)
        self.gradients = {"W": dw.transpose(2, 3, 1, 0), "b": db[None, None, None]}
        return dx.transpose(0, 2, 3, 1)


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, None


class Module:
    """In the manner of PyTorch, on arrays."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True):
        size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        rng = np.random.default_rng(1)
        self.weight = Parameter(rng.normal(size=(out_channels, in_channels, *size)))
        self.bias = Parameter(rng.normal(size=out_channels)) if bias else None
        self.stride, self.padding = stride, padding

    def __call__(self, x):
        self.input = x
        return conv_loop(x, self.weight.data, self.bias.data, self.stride, self.padding)

    def backward(self, grad_output):
        w = self.weight.data
        dx, dw, db = conv_loop_backward(grad_output, self.input, w, self.stride, self.padding)
        self.weight.grad, self.bias.grad = dw, db
        return dx


class TestLayers:
    @pytest.mark.parametrize("op", ["max_pool2d", "max_pool2d_backward"])
    def test_a_pooling_layer_there_and_back(self, op):
        report = conformance(Pool, op)
        assert report.passed
        assert "takes no dilation" in reasons(report)
        assert "padding: 3 × 3, stride 2, padding 1" not in names(report.unsupported)

    @pytest.mark.parametrize("layer", [Conv, LazyConv, Module])
    @pytest.mark.parametrize("op", ["conv2d", "conv2d_backward"])
    def test_a_convolution_layer_wherever_it_keeps_weights_and_gradients(self, layer, op):
        layout = "NHWC" if layer is LazyConv else "NCHW"
        report = conformance(layer, op, layout=layout)
        assert report.passed
        assert "padding 1: 3 × 3" not in names(report.unsupported)
        assert not any("not checked" in note or "takes no bias" in note for note in notes(report))

    def test_a_wrong_layer_is_diagnosed(self):
        class Wrong(Conv):
            def backward(self, dout):
                dx = super().backward(dout)
                self.db = dout.mean(axis=(0, 2, 3))
                return dx

        assert conformance(Wrong, "conv2d_backward").diagnosis == "bias gradient averaged"

    def test_gradients_that_a_layer_neither_returns_nor_keeps_are_not_checked(self):
        class Silent(Conv):
            def backward(self, dout):
                self.dw = self.db = None
                return conv_loop_backward(dout, self.x, self.w, self.stride, self.pad)[0]

        report = conformance(Silent, "conv2d_backward")
        assert report.passed
        assert "not returned, and not checked: dweight, dbias" in notes(report)

    def test_a_layer_may_keep_everything(self):
        class Keeps(Pool):
            def forward(self, x):
                self.output = super().forward(x)

            def backward(self, dout):
                self.dx = super().backward(dout)

        assert conformance(Keeps, "max_pool2d").passed
        assert conformance(Keeps, "max_pool2d_backward").passed

    def test_a_layer_without_a_result_is_told_so(self):
        class Empty(Pool):
            def backward(self, dout):
                pass

        report = conformance(Empty, "max_pool2d_backward")
        assert all(finding.reason.startswith("dx is nothing") for finding in report.failures)
        assert report.failures

    def test_a_layer_without_weights_is_told_so(self):
        class Weightless:
            def __init__(self, stride):
                self.stride = stride

            def forward(self, x):
                return x

        report = conformance(Weightless, "conv2d")
        assert "found no weights in the layer, only stride" in report.failures[0].reason

    def test_weights_in_another_order_are_seen_by_their_shape(self):
        report = conformance(LazyConv, "conv2d", layout="NHWC", weights="OIHW")
        assert any(
            "the layer's W has shape (2, 2, 1, 1), expected (1, 1, 2, 2)" in finding.reason
            for finding in report.failures
        )

    def test_a_layer_without_a_backward_pass_is_refused(self):
        class Forward:
            def __init__(self, kernel_size):
                self.kernel_size = kernel_size

            def forward(self, x):
                return x

        with pytest.raises(ValueError, match="Forward has no method backward"):
            conformance(Forward, "max_pool2d_backward")

    def test_a_pooling_layer_without_a_size_is_refused(self):
        class Fixed:
            def forward(self, x):
                return x

        with pytest.raises(ValueError, match=r"Fixed\(\): found nothing for kernel_size"):
            conformance(Fixed, "max_pool2d")

    def test_an_instance_is_asked_what_it_fits(self):
        report = conformance(Pool(2, 2, stride=2), "max_pool2d_backward")
        assert report.passed
        assert "side by side: 2 × 2, stride 2" not in names(report.unsupported)
        assert reasons(report) >= {"this layer has pool_h 2", "this layer has stride 2"}

    def test_filters_beside_a_kernel_size_are_how_many_there_are(self):
        class Lazy(LazyConv):
            def __init__(self, filters, kernel_size, strides=1, padding=0):
                super().__init__(filters, kernel_size, padding, strides)

        assert conformance(Lazy, "conv2d_backward", layout="NHWC").passed

    def test_an_instance_that_is_called_is_a_layer_too(self):
        report = conformance(Module(2, 3, 2), "conv2d_backward")
        assert report.passed
        assert "two images, two channels, three maps" not in names(report.unsupported)

    def test_no_step_is_taken_where_a_backward_pass_takes_steps(self):
        class Learns(Conv):
            def backward(self, dout, learn_rate):
                dx = super().backward(dout)
                self.w -= learn_rate * self.dw
                return dx

        assert conformance(Learns, "conv2d_backward").passed

    def test_a_method_with_a_parameter_without_a_meaning_is_refused(self):
        class Odd(Pool):
            def backward(self, dout, colour):
                return dout

        with pytest.raises(ValueError, match=r"backward\(dout, colour\): found no use for colour"):
            conformance(Odd, "max_pool2d_backward")

    def test_an_instance_keeps_its_own_state(self):
        layer = Pool(3, 3, stride=2)
        assert conformance(layer, "max_pool2d").passed
        assert not hasattr(layer, "x")

    def test_an_instance_with_weights_is_asked_for_their_shape(self):
        layer = Conv(np.zeros((3, 2, 2, 2)), np.zeros(3))
        report = conformance(layer, "conv2d_backward")
        assert report.passed
        assert "this layer has w of shape (3, 2, 2, 2)" in reasons(report)

    def test_an_instance_that_hides_its_sizes_is_refused(self):
        class Closed:
            def __init__(self, kernel_size):
                self.anything = kernel_size

            def forward(self, x):
                return x

        said = "cannot read kernel_size, padding, stride off this Closed, only nothing: hand in the"
        with pytest.raises(ValueError, match=said):
            conformance(Closed(2), "max_pool2d")


class TestCaches:
    def forward(self, x, w, b, conv_param):
        cache = (x, w, conv_param)
        return conv_loop(x, w, b, conv_param["stride"], conv_param["pad"]), cache

    def backward(self, dout, cache):
        x, w, conv_param = cache
        return conv_loop_backward(dout, x, w, conv_param["stride"], conv_param["pad"])

    def test_a_cache_goes_from_the_one_to_the_other(self):
        report = conformance(self.backward, "conv2d_backward", forward=self.forward)
        assert report.passed
        assert "takes no dilation" in reasons(report)
        assert conformance(self.forward, "conv2d").passed

    def test_a_wrong_one_is_diagnosed(self):
        def backward(dout, cache):
            dx, dw, _ = self.backward(dout, cache)
            return dx, dw / len(dout), dout.sum(axis=(0, 2, 3))

        report = conformance(backward, "conv2d_backward", forward=self.forward)
        assert report.diagnosis == "batch averaged"

    def test_several_things_after_the_output_are_a_cache_as_well(self):
        def forward(x, size, stride):
            return max_loop(x, (size, size), (stride, stride)), x, size, stride

        def backward(dout, cache):
            x, size, stride = cache
            return pool_loop(dout, x, (size, size), (stride, stride))

        assert conformance(backward, "max_pool2d_backward", forward=forward).passed

    def test_a_course_in_channels_last(self):
        def conv_forward(A_prev, W, b, hparameters):
            stride, pad = hparameters["stride"], hparameters["pad"]
            x, w = A_prev.transpose(0, 3, 1, 2), W.transpose(3, 2, 0, 1)
            return conv_loop(x, w, b, stride, pad).transpose(0, 2, 3, 1), (A_prev, W, hparameters)

        def conv_backward(dZ, cache):
            A_prev, W, hparameters = cache
            x, w = A_prev.transpose(0, 3, 1, 2), W.transpose(3, 2, 0, 1)
            dout, stride = dZ.transpose(0, 3, 1, 2), hparameters["stride"]
            dx, dw, db = conv_loop_backward(dout, x, w, stride, hparameters["pad"])
            return dx.transpose(0, 2, 3, 1), dw.transpose(2, 3, 1, 0), db.reshape(1, 1, 1, -1)

        report = conformance(conv_backward, "conv2d_backward", forward=conv_forward, layout="NHWC")
        assert report.passed

    def test_pooling_of_a_course_with_a_mode(self):
        def pool_forward(A_prev, hparameters, mode="max"):
            f, stride, x = hparameters["f"], hparameters["stride"], A_prev.transpose(0, 3, 1, 2)
            if mode == "average":
                raise NotImplementedError
            y = max_loop(x, (f, f), (stride, stride))
            return y.transpose(0, 2, 3, 1), (A_prev, hparameters)

        def pool_backward(dA, cache, mode="max"):
            A_prev, hparameters = cache
            f, stride, x = hparameters["f"], hparameters["stride"], A_prev.transpose(0, 3, 1, 2)
            assert mode == "max"
            dx = pool_loop(dA.transpose(0, 3, 1, 2), x, (f, f), (stride, stride))
            return dx.transpose(0, 2, 3, 1)

        course = dict(forward=pool_forward, layout="NHWC")
        report = conformance(pool_backward, "max_pool2d_backward", **course)
        assert report.passed
        assert "takes no padding" in reasons(report)

    def test_a_forward_pass_without_a_cache_is_told_so(self):
        def forward(x, size, stride):
            return max_loop(x, (size, size), (stride, stride))

        def backward(dout, cache):
            return dout

        report = conformance(backward, "max_pool2d_backward", forward=forward)
        assert {f.reason for f in report.failures} == {"forward returns no pair (out, cache)"}


class Scatter:
    """In the manner of `torch.autograd.Function`, on arrays."""

    @staticmethod
    def forward(ctx, x, kernel_size, stride):
        ctx.save_for_backward(x)
        ctx.sizes = kernel_size, stride
        return max_loop(x, (kernel_size,) * 2, (stride,) * 2)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        kernel_size, stride = ctx.sizes
        return pool_loop(grad_output, x, (kernel_size,) * 2, (stride,) * 2), None, None


class TestContexts:
    @pytest.mark.parametrize("op", ["max_pool2d", "max_pool2d_backward"])
    def test_forward_leaves_in_the_context_what_backward_reads(self, op):
        report = conformance(Scatter, op)
        assert report.passed
        assert "takes no padding" in reasons(report)

    def test_gradients_are_named_by_the_inputs_of_forward(self):
        class Convolve:
            @staticmethod
            def forward(ctx, weight, x, stride, padding, bias):
                ctx.save_for_backward(weight, x)
                ctx.stride, ctx.padding = stride, padding
                return conv_loop(x, weight, bias, stride, padding)

            @staticmethod
            def backward(ctx, grad):
                weight, x = ctx.saved_tensors
                dx, dw, db = conv_loop_backward(grad, x, weight, ctx.stride, ctx.padding)
                return dw, dx, None, None, db

        report = conformance(Convolve, "conv2d_backward")
        assert report.passed
        assert not any("not checked" in note for note in notes(report))

    def test_a_wrong_one_is_diagnosed(self):
        class Assigns(Scatter):
            @staticmethod
            def backward(ctx, grad_output):
                (x,) = ctx.saved_tensors
                size, stride = ctx.sizes
                dx = np.zeros_like(x)
                for n, c, i, j in np.ndindex(grad_output.shape):
                    h, w = i * stride, j * stride
                    window = x[n, c, h : h + size, w : w + size]
                    u, v = np.unravel_index(window.argmax(), window.shape)
                    dx[n, c, h + u, w + v] = grad_output[n, c, i, j]
                return dx

        report = conformance(Assigns, "max_pool2d_backward")
        assert report.diagnosis == "assignment in overlap"

    def test_more_gradients_than_inputs_are_refused(self):
        class Many(Scatter):
            @staticmethod
            def backward(ctx, grad_output):
                return (grad_output,) * 9

        said = "backward returns 9 results for 3 inputs of forward: x, kernel_size, stride"
        report = conformance(Many, "max_pool2d_backward")
        assert {finding.reason for finding in report.failures} == {said}


class Tensor:
    """As much of a tensor as it takes: an array, and how a gradient flows back to its inputs."""

    def __init__(self, array, pull=None):
        self.array, self.pull, self.shape = array, pull, array.shape
        self.data, self.wanted = self, False

    def requires_grad_(self):
        self.wanted = True
        return self

    def detach(self):
        return self

    def numpy(self):
        return self.array


def gradients(y, leaves, dy, allow_unused):
    assert allow_unused
    found = y.pull(dy.array)
    return tuple(
        Tensor(found[id(leaf.data)]) if leaf.wanted and id(leaf.data) in found else None
        for leaf in leaves
    )


def tensor_max_pool2d(*args, **kwargs):
    """Hides its parameters, as PyTorch's own does."""
    return _tensor_max_pool2d(*args, **kwargs)


def _tensor_max_pool2d(input, kernel_size, stride=None, padding=0, wrong=0):
    if not isinstance(padding, int):
        raise TypeError("padding must be a number\nand here is a long list of alternatives")
    kernel = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
    stride = kernel if stride is None else stride if isinstance(stride, tuple) else (stride,) * 2
    sizes = kernel, stride, (padding, padding)

    def pull(dy):
        return {id(input): pool_loop(dy, input.array, *sizes) + wrong}

    return Tensor(max_loop(input.array, *sizes), pull)


class TensorConv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True):
        size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
        self.weight = Tensor(np.zeros((out_channels, in_channels, *size))).requires_grad_()
        self.bias = Tensor(np.zeros(out_channels)).requires_grad_() if bias else None
        self.kernel_size, self.stride, self.padding = size, (stride, stride), (padding, padding)

    def __call__(self, x):
        w, b = self.weight.data, self.bias.data
        stride, padding = self.stride[0], self.padding[0]

        def pull(dy):
            grads = conv_loop_backward(dy, x.array, w.array, stride, padding)
            return dict(zip((id(x), id(w), id(b)), grads, strict=True))

        return Tensor(conv_loop(x.array, w.array, b.array, stride, padding), pull)


class TensorScatter:
    """A `torch.autograd.Function`: applied, with everything by its place."""

    @staticmethod
    def forward(ctx, x, stride, kernel_size, verbose=False):
        raise AssertionError("apply calls this, and nobody else")

    @staticmethod
    def apply(x, stride, kernel_size, verbose):
        assert verbose is False
        return _tensor_max_pool2d(x, kernel_size, stride)


TensorScatter.__module__ = "torch.autograd.function"
tensor_max_pool2d.__module__ = "torch.nn.functional"
TensorConv2d.__module__ = "torch.nn.modules.conv"


@pytest.fixture
def torch(monkeypatch):
    stand_in = ModuleType("torch")
    stand_in.from_numpy = Tensor
    stand_in.autograd = ModuleType("torch.autograd")
    stand_in.autograd.grad = gradients
    monkeypatch.setitem(sys.modules, "torch", stand_in)
    return stand_in


@pytest.mark.usefixtures("torch")
class TestTensors:
    @pytest.mark.parametrize("op", ["max_pool2d", "max_pool2d_backward"])
    def test_a_function_of_the_library_is_asked_in_the_operators_words(self, op):
        report = conformance(tensor_max_pool2d, op)
        assert report.passed
        assert "refuses: padding must be a number" in reasons(report)
        assert "overlap: 3 × 3, stride 2" not in names(report.unsupported)

    @pytest.mark.parametrize("op", ["conv2d", "conv2d_backward"])
    def test_a_module_gets_the_weights_of_each_case(self, op):
        report = conformance(TensorConv2d, op)
        assert report.passed
        assert not notes(report) & {"takes no bias: it was added to what the function returns"}

    def test_an_instance_of_a_module_is_asked_what_it_fits(self):
        report = conformance(TensorConv2d(1, 1, 2), "conv2d_backward")
        assert report.passed
        assert "this layer has stride (1, 1)" in reasons(report)

    @pytest.mark.parametrize("op", ["max_pool2d", "max_pool2d_backward"])
    def test_an_autograd_function_is_applied(self, op):
        report = conformance(TensorScatter, op)
        assert report.passed
        assert "takes no padding" in reasons(report)

    def test_a_readers_function_is_on_tensors_if_one_says_so(self):
        def forward(x, kernel_size, stride):
            return _tensor_max_pool2d(x, kernel_size, stride, wrong=1.0)

        report = conformance(forward, "max_pool2d", signature="torch")
        assert report.passed
        assert not conformance(forward, "max_pool2d_backward", signature="torch").passed

    def test_a_backward_pass_may_be_written_on_tensors(self):
        def backward(grad_output, x, k, s):
            return Tensor(pool_loop(grad_output.numpy(), x.numpy(), (k, k), (s, s)))

        assert conformance(backward, "max_pool2d_backward", signature="torch").passed

    def test_an_output_of_the_wrong_shape_is_told_before_its_gradient_is_asked(self):
        def forward(x, kernel_size):
            return x

        report = conformance(forward, "max_pool2d_backward", signature="torch")
        assert "y has shape (1, 1, 4, 4), expected (1, 1, 2, 2)" in {
            finding.reason for finding in report.failures
        }

    def test_what_is_no_tensor_is_told(self):
        report = conformance(lambda x: 3, "global_max_pool2d_backward", signature="torch")
        assert report.failures[0].reason == "y is a int, expected a tensor"


def test_torch_is_not_imported_for_functions_on_arrays(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert conformance(operators.global_max_pool2d, "global_max_pool2d").passed
