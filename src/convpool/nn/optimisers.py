"""What a step does with the gradients. All of them change the parameters in place.

Definitions, defaults and the order of the operations are PyTorch's, so that training trajectories
can be compared number for number.
"""

from collections.abc import Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Optimiser:
    """Holds the arrays of a model; `step()` moves the parameters against the gradients.

    `weight_decay` adds that multiple of each parameter to its gradient. `learning_rate` may be
    changed between steps.
    """

    def __init__(
        self, params: Arrays, grads: Arrays, learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        for name, value in (("learning_rate", learning_rate), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name} must not be negative, got {value}")
        self.params, self.grads = params, grads
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.steps = 0

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
    """Gradients add up to a velocity, which friction wears down: :eq:`eq-momentum`."""

    def __init__(
        self,
        params: Arrays,
        grads: Arrays,
        learning_rate: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, grads, learning_rate, weight_decay)
        self.momentum = momentum
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
    """Each parameter's step shrinks with all its past gradients: :eq:`eq-adagrad`."""

    def __init__(
        self,
        params: Arrays,
        grads: Arrays,
        learning_rate: float = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, grads, learning_rate, weight_decay)
        self.eps = eps
        self.squares = self._memory()

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        self.squares[name] += g * g
        return self.learning_rate * g / (np.sqrt(self.squares[name]) + self.eps)


class RMSProp(Optimiser):
    """AdaGrad that forgets: :eq:`eq-rmsprop`."""

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
        self.decay, self.eps = decay, eps
        self.squares = self._memory()

    def _move(self, name: str, g: np.ndarray) -> np.ndarray:
        squares = self.squares[name]
        squares *= self.decay
        squares += (1 - self.decay) * g * g
        return self.learning_rate * g / (np.sqrt(squares) + self.eps)


class Adam(Optimiser):
    """Running means of the gradient and of its square, both freed of their start: :eq:`eq-adam`."""

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
        self.decays, self.eps = decays, eps
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
