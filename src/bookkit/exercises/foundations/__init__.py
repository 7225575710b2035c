"""The exercises of the foundations and of the first page, a module a chapter."""

from bookkit.exercises.exercise import Exercise
from bookkit.exercises.foundations.backward import BACKWARD
from bookkit.exercises.foundations.first_page import FIRST_PAGE
from bookkit.exercises.foundations.notation import NOTATION
from bookkit.exercises.foundations.tensors import TENSORS
from bookkit.exercises.foundations.windows import WINDOWS

FOUNDATIONS: dict[str, Exercise] = FIRST_PAGE | NOTATION | TENSORS | WINDOWS | BACKWARD
