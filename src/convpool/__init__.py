"""Pooling and convolution layers, forward and backward: the tested package behind *The Backward Pass*."""
