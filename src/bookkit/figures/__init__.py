"""The book's figures."""

from bookkit.figures.base import Canvas, Figure, css
from bookkit.figures.cells import coverage, grid, grids, windows
from bookkit.figures.charts import bars, lines, lp_balls, lp_curves
from bookkit.figures.flows import chain, routing
from bookkit.figures.intervals import axis, bins, receptive_field
from bookkit.figures.layouts import im2col, memory
from bookkit.figures.pictures import digits, photographs

__all__ = [
    "Canvas",
    "Figure",
    "axis",
    "bars",
    "bins",
    "chain",
    "coverage",
    "css",
    "digits",
    "grid",
    "grids",
    "im2col",
    "lines",
    "lp_balls",
    "lp_curves",
    "memory",
    "photographs",
    "receptive_field",
    "routing",
    "windows",
]
