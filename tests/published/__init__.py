"""The functions of the source documents, as they were published and as they run.

One module a source, cited by its key in book/references.bib; the comments and docstrings are left
out. Each place where a module had to depart from its source to run is marked by a comment, and
listed in `CHANGES`, so that `original` can take the changes back.
"""

import inspect
from types import ModuleType

# module → (what stands here, what was published)
CHANGES: dict[str, tuple[tuple[str, str], ...]] = {
    "pooling_functions": (
        ("np.pad(", "np.lib.pad("),
        ("def _remove_padding(", "def _never_published("),
        ("def global_max_pooling_backward(", "def global_max_pooling_forward("),
    ),
    "im2col": (
        ("def __init__(self, w, b,", "def __int__(self, w, b,"),
        ("self.w.reshape(", "self.w.reshpae("),
        ("        self.x, self.col, self.col_w = x, col, col_w\n", ""),
        ("(H + 2 * self.pad - self.pool_h)", "(H - self.pool_h)"),
        ("(W + 2 * self.pad - self.pool_w)", "(W - self.pool_w)"),
    ),
    "layers": (
        ("pc1:pc2].transpose(0, 2, 3, 1)\n", "pc1:pc2]\n"),
        ("X.shape, W.shape, p, s, d)\n", "X.shape, W.shape, p, s, d).transpose(0, 2, 3, 1)\n"),
    ),
    "sensitivities": (
        ("- expanded_width) // 2", "- expanded_width) / 2"),
        ("def get_max_index(", "def _never_published("),
    ),
}


def original(module: ModuleType) -> ModuleType:
    """The module with its changes taken back."""
    name = module.__name__.rpartition(".")[2]
    source = inspect.getsource(module)
    for here, published in CHANGES[name]:
        if here not in source:
            raise ValueError(f"{name} has no {here!r}")
        source = source.replace(here, published)
    restored = ModuleType(name)
    exec(compile(source, f"{name}, as published", "exec"), vars(restored))
    return restored
