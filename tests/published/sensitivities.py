# ruff: noqa
# From src-sensitivities in book/references.bib, quoted for testing. Published are the methods and
# functions between the lines; what they call was not, and stands in front of them.
from types import SimpleNamespace

import numpy as np


# changed: called below, never published
def padding(input_array, zp):
    return np.pad(input_array, ((0, 0), (zp, zp), (zp, zp)))


# changed: called below, never published
def get_max_index(array):
    return np.unravel_index(np.argmax(array), array.shape)


# changed: called below, never published. The activation is the identity, whose derivative is 1.
def element_wise_op(array, op):
    array[...] = op(array)


IDENTITY = SimpleNamespace(forward=lambda x: x, backward=lambda x: np.ones_like(x))


# ------------------------------------------------------------------------------------------------


def conv(input_array, kernel_array, output_array, stride, bias):
    channel_number = input_array.ndim
    output_width = output_array.shape[1]
    output_height = output_array.shape[0]
    kernel_width = kernel_array.shape[-1]
    kernel_height = kernel_array.shape[-2]
    for i in range(output_height):
        for j in range(output_width):
            output_array[i][j] = (
                get_patch(input_array, i, j, kernel_width, kernel_height, stride) * kernel_array
            ).sum() + bias


def get_patch(input_array, i, j, filter_width, filter_height, stride):
    start_i = i * stride
    start_j = j * stride
    if input_array.ndim == 2:
        return input_array[start_i : start_i + filter_height, start_j : start_j + filter_width]
    elif input_array.ndim == 3:
        return input_array[:, start_i : start_i + filter_height, start_j : start_j + filter_width]


class ConvLayer:
    def forward(self, input_array):
        self.input_array = input_array
        self.padded_input_array = padding(input_array, self.zero_padding)
        for f in range(self.filter_number):
            filter = self.filters[f]
            conv(
                self.padded_input_array,
                filter.get_weights(),
                self.output_array[f],
                self.stride,
                filter.get_bias(),
            )
        element_wise_op(self.output_array, self.activator.forward)

    def bp_sensitivity_map(self, sensitivity_array, activator):
        expanded_array = self.expand_sensitivity_map(sensitivity_array)
        expanded_width = expanded_array.shape[2]
        # changed: published with /, a whole number only in Python 2
        zp = (self.input_width + self.filter_width - 1 - expanded_width) // 2
        padded_array = padding(expanded_array, zp)
        self.delta_array = self.create_delta_array()
        for f in range(self.filter_number):
            filter = self.filters[f]
            flipped_weights = np.rot90(filter.get_weights(), 2, (1, 2))
            delta_array = self.create_delta_array()
            for d in range(delta_array.shape[0]):
                conv(padded_array[f], flipped_weights[d], delta_array[d], 1, 0)
            self.delta_array += delta_array
        derivative_array = np.array(self.input_array)
        element_wise_op(derivative_array, activator.backward)
        self.delta_array *= derivative_array

    def expand_sensitivity_map(self, sensitivity_array):
        depth = sensitivity_array.shape[0]
        expanded_width = self.input_width - self.filter_width + 2 * self.zero_padding + 1
        expanded_height = self.input_height - self.filter_height + 2 * self.zero_padding + 1
        expand_array = np.zeros((depth, expanded_height, expanded_width))
        for i in range(int(self.output_height)):
            for j in range(int(self.output_width)):
                i_pos = i * self.stride
                j_pos = j * self.stride
                expand_array[:, i_pos, j_pos] = sensitivity_array[:, i, j]
        return expand_array

    def create_delta_array(self):
        return np.zeros((self.channel_number, self.input_height, self.input_width))


class MaxPoolingLayer:
    def forward(self, input_array):
        for d in range(self.channel_number):
            for i in range(int(self.output_height)):
                for j in range(int(self.output_width)):
                    self.output_array[d, i, j] = get_patch(
                        input_array[d], i, j, self.filter_width, self.filter_height, self.stride
                    ).max()

    def backward(self, input_array, sensitivity_array):
        self.delta_array = np.zeros(input_array.shape)
        for d in range(self.channel_number):
            for i in range(int(self.output_height)):
                for j in range(int(self.output_width)):
                    patch_array = get_patch(
                        input_array[d], i, j, self.filter_width, self.filter_height, self.stride
                    )
                    k, l = get_max_index(patch_array)
                    self.delta_array[d, i * self.stride + k, j * self.stride + l] = (
                        sensitivity_array[d, i, j]
                    )


# ------------------------------------------------------------------------------------------------


# changed: never published. The layers hold what their methods read, and go image by image.
def _layer(kind, x, kernel, stride, pad, filters=()):
    layer = kind()
    layer.channel_number, layer.input_height, layer.input_width = x.shape
    layer.filter_height, layer.filter_width = kernel
    layer.stride, layer.zero_padding, layer.activator = stride, pad, IDENTITY
    layer.output_height = (x.shape[1] + 2 * pad - kernel[0]) // stride + 1
    layer.output_width = (x.shape[2] + 2 * pad - kernel[1]) // stride + 1
    layer.filters, layer.filter_number = filters, len(filters)
    maps = len(filters) or len(x)
    layer.output_array = np.zeros((maps, layer.output_height, layer.output_width))
    return layer


def _filters(weight, bias):
    return [
        SimpleNamespace(get_weights=lambda w=w: w, get_bias=lambda b=b: b)
        for w, b in zip(weight, bias)
    ]


def conv_forward(x, weight, bias, stride, padding):
    outputs = []
    for image in x:
        layer = _layer(ConvLayer, image, weight.shape[2:], stride, padding, _filters(weight, bias))
        layer.forward(image)
        outputs.append(layer.output_array)
    return np.array(outputs)


def conv_backward(sensitivity_array, x, weight, stride, padding):
    deltas = []
    for image, sensitivity in zip(x, sensitivity_array):
        filters = _filters(weight, np.zeros(len(weight)))
        layer = _layer(ConvLayer, image, weight.shape[2:], stride, padding, filters)
        layer.input_array = image
        layer.bp_sensitivity_map(sensitivity, IDENTITY)
        deltas.append(layer.delta_array)
    return np.array(deltas)


def max_forward(x, filter_height, filter_width, stride):
    outputs = []
    for image in x:
        layer = _layer(MaxPoolingLayer, image, (filter_height, filter_width), stride, 0)
        layer.forward(image)
        outputs.append(layer.output_array)
    return np.array(outputs)


def max_backward(sensitivity_array, x, filter_height, filter_width, stride):
    deltas = []
    for image, sensitivity in zip(x, sensitivity_array):
        layer = _layer(MaxPoolingLayer, image, (filter_height, filter_width), stride, 0)
        layer.backward(image, sensitivity)
        deltas.append(layer.delta_array)
    return np.array(deltas)
