"""How the book presents itself: tested source, figures, equation checks, the Sphinx extension."""

from bookkit.show import show

__all__ = ["show"]
