"""The book's figures."""

from bookkit.figures.base import Canvas, Figure, css
from bookkit.figures.cells import coverage, grid, grids, windows
from bookkit.figures.flows import routing
from bookkit.figures.intervals import axis, bins, receptive_field
from bookkit.figures.pictures import digits, photographs

__all__ = ["Canvas", "Figure", "css", "coverage", "grid", "grids", "routing", "windows",
"axis","bins","receptive_field","digits","photographs"]
