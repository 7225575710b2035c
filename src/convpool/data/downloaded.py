"""MNIST and Fashion-MNIST: 70,000 small images each, downloaded once, known by their checksums."""

import gzip
import struct
from pathlib import Path

import numpy as np

from convpool.data.download import fetch

Labelled = tuple[np.ndarray, np.ndarray]

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
MNIST_FILES = {
    "train-images-idx3-ubyte.gz": (
        "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
FASHION_MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
FASHION_FILES = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}


def mnist() -> tuple[Labelled, Labelled]:
    """Handwritten digits, 28 × 28 pixels (Y. LeCun, C. Cortes and C. Burges, 1998).

    Returns
    -------
    (images, labels) : (60000, 1, 28, 28) float32 from 0 to 1, and (60000,) int64
        To learn from.
    (images, labels) : (10000, 1, 28, 28), (10000,)
        To be tested on.

    Raises
    ------
    ConnectionError
        If no mirror gives a file with the right checksum; the message says what happened at each
        and what to do instead. What was cut off is kept, and the next call goes on from there.
    OSError
        If the folder for the files cannot be written. It is CONVPOOL_DATA, if the environment has
        that variable, or the usual place for what can be downloaded again.
    ImportError
        If pooch is not installed.
    """
    return _labelled("mnist", MNIST_MIRRORS, MNIST_FILES)


def fashion_mnist() -> tuple[Labelled, Labelled]:
    """Clothes, 28 × 28 pixels, of ten kinds (H. Xiao, K. Rasul and R. Vollgraf, 2017).

    Returns and errors as in `mnist`.
    """
    return _labelled("fashion-mnist", FASHION_MIRRORS, FASHION_FILES)


def _labelled(
    name: str, mirrors: tuple[str, ...], files: dict[str, str]
) -> tuple[Labelled, Labelled]:
    paths = [fetch(name, file, checksum, mirrors) for file, checksum in files.items()]
    images, labels, test_images, test_labels = map(read_idx, paths)
    return (_pictures(images), labels.astype(np.int64)), (
        _pictures(test_images),
        test_labels.astype(np.int64),
    )


def _pictures(images: np.ndarray) -> np.ndarray:
    return images[:, np.newaxis].astype(np.float32) / np.float32(255)  # (N, H, W) → (N, 1, H, W)


def read_idx(path: Path) -> np.ndarray:
    """The array of bytes in a gzipped IDX file, the format of both sets."""
    with gzip.open(path) as file:
        zeros, kind, axes = struct.unpack(">HBB", file.read(4))
        if (zeros, kind) != (0, 8):
            raise ValueError(f"{path} is no IDX file of bytes")
        shape = struct.unpack(f">{axes}I", file.read(4 * axes))
        numbers = np.frombuffer(file.read(), np.uint8)
    if numbers.size != np.prod(shape):
        raise ValueError(f"{path} holds {numbers.size} bytes and announces {shape}")
    return numbers.reshape(shape)
