"""Answers to the exercises on losses and optimisers, as people write them: right ones, and wrong.

None is written like the answers that the exercises know. A wrong one comes with its mistake.
"""

from collections.abc import Callable

import numpy as np

from wrong.exercises import Attempt

WRONG: list[Attempt] = []
RIGHT: list[tuple[str, tuple[Callable, ...]]] = []


def wrong(label: str, diagnosis: str, *functions: Callable) -> None:
    WRONG.append(Attempt(label, functions, diagnosis))


def right(label: str, *functions: Callable) -> None:
    RIGHT.append((label, functions))


# ---------------------------------------------------------------------------- log-softmax


def shares(scores):
    return 1 / np.exp(scores[..., np.newaxis, :] - scores[..., :, np.newaxis]).sum(axis=-1)


def by_jacobians(dy, s):
    J = np.eye(s.shape[1]) - shares(s)[:, np.newaxis, :]  # [n, k, l]
    return np.einsum("nk,nkl->nl", dy, J)


def without_keepdims(dy, s):
    total = dy.sum(0)
    return dy - shares(s) * total


def through_each_class_alone(dy, s):
    p = shares(s)
    return dy - dy * p


def minus_the_mean(dy, s):
    p = shares(s)
    return p * dy - p * np.einsum("nk,nk->n", p, dy)[:, np.newaxis]


right("ex-losses-2", by_jacobians)
wrong("ex-losses-2", "summed over the batch", without_keepdims)
wrong("ex-losses-2", "the diagonal only", through_each_class_alone)
wrong("ex-losses-2", "the softmax without its logarithm", minus_the_mean)
wrong("ex-losses-2", "the sum without its shares", lambda dy, s: dy - np.sum(dy, 1)[:, None])
wrong("ex-losses-2", "one sum for the whole batch", lambda dy, s: dy - shares(s) * np.sum(dy))
wrong("ex-losses-2", "a sum of −1 taken for granted", lambda dy, s: shares(s) + dy)

# ---------------------------------------------------------------------------- yes or no


def piecewise(s, t):
    small = np.exp(-abs(s))
    return float(np.where(s > 0, (1 - t) * s, -t * s).mean() + np.log1p(small).mean())


def sigmoid(s):
    small = np.exp(-abs(s))
    return np.where(s >= 0, 1, small) / (1 + small)


def pull(s, t):
    return (sigmoid(s) - t) / len(t)


def literal(s, t):
    q = sigmoid(s)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.mean(-t * np.log(q) - (1 - t) * np.log(1 - q))


def softplus(s, t):
    with np.errstate(over="ignore"):
        return np.mean(-s * t + np.log1p(np.exp(s)))


right("ex-losses-3", piecewise, pull)
wrong("ex-losses-3", "the logarithm of a zero", literal, pull)
wrong("ex-losses-3", "an exponential that overflows", softplus, pull)
wrong("ex-losses-3", "1/M forgotten going back", piecewise, lambda s, t: sigmoid(s) - t)
wrong("ex-losses-3", "t − q", piecewise, lambda s, t: (t - sigmoid(s)) / s.size)
wrong(
    "ex-losses-3",
    "the sum in place of the mean",
    lambda s, t: np.sum(np.maximum(s, 0) - s * t + np.log1p(np.exp(-abs(s)))),
    lambda s, t: sigmoid(s) - t,
)
wrong(
    "ex-losses-3",
    "the sigmoid's slope once more",
    piecewise,
    lambda s, t: pull(s, t) * sigmoid(s) * sigmoid(-s),
)

# ---------------------------------------------------------------------------- smoothing


def rowwise(s, labels, alpha):
    rows = []
    for scores, c in zip(s, labels, strict=True):
        target = [alpha / len(scores)] * len(scores)
        target[c] += 1 - alpha
        rows.append((shares(scores) - target) / len(s))
    return np.array(rows)


def nobody_but_the_others(s, labels, alpha):
    target = np.full(s.shape, alpha / (s.shape[1] - 1))
    target[np.arange(len(s)), labels] = 1 - alpha
    return (shares(s) - target) / len(s)


def overwritten(s, labels, alpha):
    target = np.full(s.shape, alpha / s.shape[1])
    target[np.arange(len(s)), labels] = 1 - alpha
    return (shares(s) - target) / len(s)


def on_top(s, labels, alpha):
    target = np.eye(s.shape[1])[labels] + alpha / s.shape[1]
    return (shares(s) - target) / len(s)


right("ex-losses-4", rowwise)
wrong("ex-losses-4", "shared among the other classes", nobody_but_the_others)
wrong("ex-losses-4", "the label gets no share", overwritten)
wrong("ex-losses-4", "nothing taken from the label", on_top)
wrong("ex-losses-4", "1/N forgotten", lambda s, c, alpha: rowwise(s, c, alpha) * len(c))
wrong(
    "ex-losses-4",
    "nothing smoothed",
    lambda s, c, alpha: (shares(s) - np.eye(s.shape[1])[c]) / len(c),
)

# ---------------------------------------------------------------------------- clipping


def leashed(gradients, limit):
    flat = np.hstack([g.ravel() for g in gradients])
    factor = min(1.0, limit / (np.sqrt(flat @ flat) + 1e-300))
    return [factor * g for g in gradients]


def one_by_one(gradients, limit):
    out = []
    for g in gradients:
        size = np.sqrt((g * g).sum())
        out.append(g * limit / size if size > limit else g)
    return out


def without_root(gradients, limit):
    size = sum(float((g * g).sum()) for g in gradients)
    return [g * limit / size if size > limit else g for g in gradients]


right("ex-losses-5", leashed)
right("ex-losses-5", lambda gradients, limit: tuple(leashed(gradients, limit)))
wrong("ex-losses-5", "each array by its own norm", one_by_one)
wrong("ex-losses-5", "the square of the length", without_root)
wrong(
    "ex-losses-5",
    "each number cut off",
    lambda gs, c: [np.minimum(np.maximum(g, -c), c) for g in gs],
)

# ---------------------------------------------------------------------------- AdamW


def textbook(theta, g, m, q, tau, rate, decay):
    m, q = m * 0.9 + (1 - 0.9) * g, q * 0.999 + (1 - 0.999) * g * g
    step = (m / (1 - 0.9**tau)) / (np.sqrt(q / (1 - 0.999**tau)) + 1e-8)
    return theta - rate * (step + decay * theta), m, q


def old_adam(theta, g, m, q, tau, rate, decay):
    theta, m, q = textbook(theta, g + theta * decay, m, q, tau, rate, 0)
    return theta, m, q


def in_place(theta, g, m, q, tau, rate, decay):
    theta, new, q = textbook(theta, g, m, q, tau, rate, decay)
    m[...] = new
    return theta, m, q


def uncorrected(theta, g, m, q, tau, rate, decay):
    m, q = 0.9 * m + 0.1 * g, 0.999 * q + 0.001 * g * g
    return theta - rate * decay * theta - rate * m / (q**0.5 + 1e-8), m, q


def overwrites_the_means(theta, g, m, q, tau, rate, decay):
    m, q = 0.9 * m + 0.1 * g, 0.999 * q + 0.001 * g * g
    m, q = m / (1 - 0.9**tau), q / (1 - 0.999**tau)
    return theta - rate * decay * theta - rate * m / (q**0.5 + 1e-8), m, q


def without_rate(theta, g, m, q, tau, rate, decay):
    return textbook(theta - decay * theta, g, m, q, tau, rate, 0)


right("ex-losses-6", textbook)
wrong("ex-losses-6", "the decay in the gradient", old_adam)
wrong("ex-losses-6", "no correction of the start", uncorrected)
wrong("ex-losses-6", "the corrected means handed on", overwrites_the_means)
wrong("ex-losses-6", "the decay without the learning rate", without_rate)

# ---------------------------------------------------------------------------- one epoch


def taken(model, loss, optimiser, x, labels):
    """A step on some images → their summed loss."""
    value = loss.forward(model.forward(x), labels)
    model.backward(loss.backward())
    optimiser.step()
    return value * len(x)


def list_of_losses(model, loss, optimiser, x, labels, size, rng):
    order, losses = list(rng.permutation(len(x))), []
    while order:
        now, order = order[:size], order[size:]
        losses += [taken(model, loss, optimiser, x[now], labels[now]) / len(now)] * len(now)
    return sum(losses) / len(losses)


def shuffled_copies(model, loss, optimiser, x, labels, size, rng):
    p = rng.permutation(len(x))
    a, b, total = x[p], labels[p], 0
    for k in range(0, len(a), size):
        total += taken(model, loss, optimiser, a[k : k + size], b[k : k + size])
    return total / len(a)


def as_they_come(model, loss, optimiser, x, labels, size, rng):
    total = 0
    for k in range(0, len(x), size):
        total += taken(model, loss, optimiser, x[k : k + size], labels[k : k + size])
    return total / len(x)


def images_only(model, loss, optimiser, x, labels, size, rng):
    return as_they_come(model, loss, optimiser, x[rng.permutation(len(x))], labels, size, rng)


def whole_batches(model, loss, optimiser, x, labels, size, rng):
    p, total, steps = rng.permutation(len(x)), 0, len(x) // size
    for k in range(steps):
        now = p[k * size : (k + 1) * size]
        total += taken(model, loss, optimiser, x[now], labels[now])
    return total / (steps * size) if steps else 0.0


def divided_by_steps(model, loss, optimiser, x, labels, size, rng):
    p, values = rng.permutation(len(x)), []
    for k in range(0, len(x), size):
        now = p[k : k + size]
        values.append(taken(model, loss, optimiser, x[now], labels[now]) / len(now))
    return sum(values) / len(values)


def gradients_of_yesterday(model, loss, optimiser, x, labels, size, rng):
    p, total = rng.permutation(len(x)), 0
    for k in range(0, len(x), size):
        now = p[k : k + size]
        scores = model.forward(x[now])
        total += len(now) * loss.forward(scores, labels[now])
        optimiser.step()
        model.backward(loss.backward())
    return total / len(x)


def step_outside_the_loop(model, loss, optimiser, x, labels, size, rng):
    p, total = rng.permutation(len(x)), 0
    for k in range(0, len(x), size):
        now = p[k : k + size]
        total += len(now) * loss.forward(model.forward(x[now]), labels[now])
        model.backward(loss.backward())
    optimiser.step()
    return total / len(x)


def asked_again(model, loss, optimiser, x, labels, size, rng):
    p, total = rng.permutation(len(x)), 0
    for k in range(0, len(x), size):
        now = p[k : k + size]
        taken(model, loss, optimiser, x[now], labels[now])
        total += len(now) * loss.forward(model.forward(x[now]), labels[now])
    return total / len(x)


def not_divided(model, loss, optimiser, x, labels, size, rng):
    return shuffled_copies(model, loss, optimiser, x, labels, size, rng) * len(x)


right("ex-losses-7", list_of_losses)
right("ex-losses-7", shuffled_copies)
wrong("ex-losses-7", "not shuffled", as_they_come)
wrong("ex-losses-7", "the labels left behind", images_only)
wrong("ex-losses-7", "the rest left out", whole_batches)
wrong("ex-losses-7", "the mean of the batches", divided_by_steps)
wrong("ex-losses-7", "the sum of the losses", not_divided)
wrong("ex-losses-7", "the step before the gradient", gradients_of_yesterday)
wrong("ex-losses-7", "one step for all batches", step_outside_the_loop)
wrong("ex-losses-7", "the loss after the step", asked_again)
