"""The exercises of the part on networks, a module a chapter."""

from bookkit.exercises.exercise import Exercise
from bookkit.exercises.networks.layers import LAYERS

NETWORKS: dict[str, Exercise] = LAYERS
