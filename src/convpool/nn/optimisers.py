"""What a step does with the gradients. All of them change the parameters in place.

Definitions, defaults and the order of the operations are PyTorch's, so that training trajectories
can be compared number for number.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convpool.nn.options import number

Arrays = Mapping[str, np.ndarray]


class Optimiser:
    """Holds the arrays of a model; `step()` moves the parameters against the gradients.

    Parameters
    ----------
    params, grads : dict of ndarray
        Those of a model, or some of them: arrays of the same names and shapes.
    learning_rate : float
        At least 0. It may be changed between steps.
    weight_decay : float
        How many times each parameter is added to its gradient: :eq:`eq-weight-decay`.

    Raises
    ------
    TypeError, ValueError
        For a number that is none, is negative or is not finite.
    """

    def __init__(
        self, params: Arrays, grads: Arrays, learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        self.params, self.grads = params, grads
        self.learning_rate = learning_rate
        self.weight_decay = number("weight_decay", weight_decay)
        self.steps = 0

    @property
    def learning_rate(self) -> float:
        """How far a step goes. Python's numbers leave float32 parameters float32."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._learning_rate = number("learning_rate", value)

    def step(self) -> None:
        """One step from the gradients of the last backward pass."""
        self.steps += 1
        for name, p in self.params.items():
            g = self.grads[name]
            p -= self._move(name, g + self.weight_decay * p if self.weight_decay else g)

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _memory(self) -> dict[str, np.ndarray]:
        return {name: np.zeros_like(p) for name, p in self.params.items()}


class SGD(Optimiser):
    """Gradient descent: :eq:`eq-sgd`."""

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        return self.learning_rate * g


class Momentum(Optimiser):
    """Gradients add up to a velocity, which friction wears down: :eq:`eq-momentum`.

    Parameters
    ----------
    params, grads, learning_rate, weight_decay
        As in `Optimiser`.
    momentum : float
        The share of the velocity that is left after a step, below 1.
    """

    def __init__(
        self,
        params: Arrays,
        grads: Arrays,
        learning_rate: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, grads, learning_rate, weight_decay)
        self.momentum = number("momentum", momentum, below=1)
        self.velocity = self._memory()

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        return self.learning_rate * self._accelerate(name, g)

    def _accelerate(self, name: str, g: np.ndarray) -> np.ndarray:
        v = self.velocity[name]
        v *= self.momentum
        v += g
        return v


class Nesterov(Momentum):
    """Momentum that looks one step ahead: :eq:`eq-nesterov`."""

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        return self.learning_rate * (g + self.momentum * self._accelerate(name, g))


class AdaGrad(Optimiser):
    """Each parameter's step shrinks with all its past gradients: :eq:`eq-adagrad`.

    Parameters
    ----------
    params, grads, learning_rate, weight_decay
        As in `Optimiser`.
    eps : float
        Added to the root that is divided by.
    """

    def __init__(
        self,
        params: Arrays,
        grads: Arrays,
        learning_rate: float = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, grads, learning_rate, weight_decay)
        self.eps = number("eps", eps)
        self.squares = self._memory()

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        self.squares[name] += g * g
        return self.learning_rate * g / (np.sqrt(self.squares[name]) + self.eps)


class RMSProp(Optimiser):
    """AdaGrad that forgets: :eq:`eq-rmsprop`.

    Parameters
    ----------
    params, grads, learning_rate, weight_decay
        As in `Optimiser`.
    decay : float
        The share of the mean of squares that is left after a step, below 1.
    eps : float
        Added to the root that is divided by.
    """

    def __init__(
        self,
        params: Arrays,
        grads: Arrays,
        learning_rate: float = 0.01,
        decay: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, grads, learning_rate, weight_decay)
        self.decay, self.eps = number("decay", decay, below=1), number("eps", eps)
        self.squares = self._memory()

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        squares = self.squares[name]
        squares *= self.decay
        squares += (1 - self.decay) * g * g
        return self.learning_rate * g / (np.sqrt(squares) + self.eps)


class Adam(Optimiser):
    """Running means of the gradient and of its square, both freed of their start: :eq:`eq-adam`.

    Parameters
    ----------
    params, grads, learning_rate, weight_decay
        As in `Optimiser`.
    decays : (float, float)
        The shares of the two means that are left after a step, below 1.
    eps : float
        Added to the root that is divided by.
    """

    def __init__(
        self,
        params: Arrays,
        grads: Arrays,
        learning_rate: float = 1e-3,
        decays: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, grads, learning_rate, weight_decay)
        first, second = decays
        self.decays = number("decays", first, below=1), number("decays", second, below=1)
        self.eps = number("eps", eps)
        self.means, self.squares = self._memory(), self._memory()

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        (first, second), mean, square = self.decays, self.means[name], self.squares[name]
        mean *= first
        mean += (1 - first) * g
        square *= second
        square += (1 - second) * g * g
        start, start_of_squares = 1 - first**self.steps, 1 - second**self.steps
        root = np.sqrt(square) / np.sqrt(start_of_squares).astype(g.dtype) + self.eps
        return (self.learning_rate / start) * mean / root


OPTIMISERS = {
    optimiser.__name__.lower(): optimiser
    for optimiser in (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam)
}
