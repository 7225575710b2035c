"""The book's figures."""

from bookkit.figures.base import Canvas, Figure, css
from bookkit.figures.cells import coverage, grid, grids, windows
from bookkit.figures.flows import routing

__all__ = ["Canvas", "Figure", "css", "coverage", "grid", "grids", "routing", "windows"]
