"""The exercises of the part on networks, a module a chapter."""

from bookkit.exercises.exercise import Exercise
from bookkit.exercises.networks.inside_lenet import INSIDE_LENET
from bookkit.exercises.networks.layers import LAYERS
from bookkit.exercises.networks.lenet import LENET
from bookkit.exercises.networks.losses_and_optimisers import LOSSES_AND_OPTIMISERS

NETWORKS: dict[str, Exercise] = LAYERS | LOSSES_AND_OPTIMISERS | LENET | INSIDE_LENET
