"""Real images: digits and photographs that scikit-learn ships, and MNIST by download."""

from convpool.data.embedded import digits, photograph, resized
from convpool.data.mnist import fashion_mnist, mnist

__all__ = ["digits", "fashion_mnist", "mnist", "photograph", "resized"]
