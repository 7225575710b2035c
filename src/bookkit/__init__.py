"""How the book presents itself: source, figures, checked exercises and equations, the website."""

from bookkit.exercises import check
from bookkit.show import show

__all__ = ["check", "show"]
