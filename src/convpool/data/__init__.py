"""Real images: digits and photographs that scikit-learn ships, and MNIST by download."""

from convpool.data.downloaded import fashion_mnist, mnist
from convpool.data.embedded import PHOTOGRAPHS, digits, photograph, resized

__all__ = ["PHOTOGRAPHS", "digits", "fashion_mnist", "mnist", "photograph", "resized"]
