"""The exercises of the chapter on losses and optimisers."""

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong, results
from convpool import nn

LOSSES_AND_OPTIMISERS: dict[str, Exercise] = {}

CHAPTER = "networks/losses-and-optimisers"


def _softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# ---------------------------------------------------------------------------- ex-losses-2


def _through_logarithm(log_softmax_backward, dy, s):
    return {"ds": log_softmax_backward(dy, s)}


def _log_softmax_backward(dy, s):
    p, ds = _softmax(s), np.zeros(s.shape)
    for n, k, m in np.ndindex(*s.shape, s.shape[1]):
        ds[n, m] += dy[n, k] * (float(k == m) - p[n, m])
    return ds


def _diagonal_only(dy, s):
    return dy * (1 - _softmax(s))


def _without_shares(dy, s):
    return dy - dy.sum(axis=1, keepdims=True)


def _sum_over_the_batch(dy, s):
    return dy - _softmax(s) * dy.sum(axis=0)


def _sum_of_everything(dy, s):
    return dy - _softmax(s) * dy.sum()


def _as_behind_a_loss(dy, s):
    return dy + _softmax(s)


def _softmax_backward(dy, s):
    p = _softmax(s)
    return p * (dy - (dy * p).sum(axis=1, keepdims=True))


LOSSES_AND_OPTIMISERS["ex-losses-2"] = Exercise(
    ask=_through_logarithm,
    questions={
        "one image": dict(dy=drawn(1, 1, 3), s=drawn(2, 1, 3)),
        "a batch": dict(dy=drawn(3, 4, 3), s=drawn(4, 4, 3)),
        "as many images as classes": dict(dy=drawn(5, 3, 3), s=drawn(6, 3, 3)),
        "large scores": dict(dy=drawn(7, 2, 4), s=1000 + drawn(8, 2, 4)),
    },
    solution=(_log_softmax_backward,),
    wrong=(
        Wrong(
            "the diagonal only",
            "Raise one score, and the logarithms of all classes of its image change: the others "
            "by −p. Add what they send back.",
            (_diagonal_only,),
        ),
        Wrong(
            "the sum without its shares",
            "The sum of dy reaches the score of class l only with the weight p of that class.",
            (_without_shares,),
        ),
        Wrong(
            "summed over the batch",
            "You add up dy along axis 0, over the images. One image knows nothing of another: add "
            "along axis 1, and keep the axis so that rows meet rows.",
            (_sum_over_the_batch,),
        ),
        Wrong(
            "one sum for the whole batch",
            "You add up all of dy. Each image has a sum of its own, along axis 1.",
            (_sum_of_everything,),
        ),
        Wrong(
            "a sum of −1 taken for granted",
            "Behind a cross-entropy each row of dy has the sum −1, up to 1/N. The layer must be "
            "right for every dy: use the sum that it has.",
            (_as_behind_a_loss,),
        ),
        Wrong(
            "the softmax without its logarithm",
            "This is the backward pass of the softmax. Here a logarithm follows it, and divides "
            "dy by p first.",
            (_softmax_backward,),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-losses-3


def _yes_or_no(forward, backward, s, t):
    return {"L": forward(s, t), "ds": backward(s, t)}


def _bce(s, t):
    return np.mean(np.logaddexp(0, s) - t * s)


def _bce_backward(s, t):
    return (np.exp(-np.logaddexp(0, -s)) - t) / s.size


def _bce_from_probabilities(s, t):
    with np.errstate(all="ignore"):
        q = 1 / (1 + np.exp(-s))
        return -np.mean(t * np.log(q) + (1 - t) * np.log(1 - q))


def _bce_overflows(s, t):
    with np.errstate(all="ignore"):
        return np.mean(np.log(1 + np.exp(s)) - t * s)


def _bce_summed(s, t):
    return s.size * _bce(s, t)


def _bce_of_yes_only(s, t):
    return np.mean(t * np.logaddexp(0, -s))


def _bce_backward_summed(s, t):
    return s.size * _bce_backward(s, t)


def _bce_backward_once_more(s, t):
    q = np.exp(-np.logaddexp(0, -s))
    return (q - t) * q * (1 - q) / s.size


def _bce_backward_turned(s, t):
    return -_bce_backward(s, t)


LOSSES_AND_OPTIMISERS["ex-losses-3"] = Exercise(
    ask=_yes_or_no,
    questions={
        "small scores": dict(s=drawn(10, 4), t=np.array([1.0, 0.0, 0.0, 1.0])),
        "targets in between": dict(s=drawn(11, 3), t=np.array([0.25, 0.9, 0.5])),
        "large scores, right": dict(s=np.array([1000.0, -1000.0]), t=np.array([1.0, 0.0])),
        "large scores, wrong": dict(
            s=np.array([1000.0, -1000.0, 1.0]), t=np.array([0.0, 1.0, 1.0])
        ),
    },
    solution=(_bce, _bce_backward),
    wrong=(
        Wrong(
            "the logarithm of a zero",
            "A probability of exactly 0 or 1 meets a logarithm. Never compute q in the forward "
            "pass: write the term as log(1 + eˢ) − t·s.",
            (_bce_from_probabilities, _bce_backward),
        ),
        Wrong(
            "an exponential that overflows",
            "The formula is right, but e¹⁰⁰⁰ is no number. Take max(s, 0) out of the logarithm, "
            "so that its exponent is −|s|.",
            (_bce_overflows, _bce_backward),
        ),
        Wrong(
            "the sum in place of the mean",
            "The loss is a mean over the M questions: divide, in both passes.",
            (_bce_summed, _bce_backward_summed),
        ),
        Wrong(
            "1/M forgotten going back",
            "Your loss is the mean. Then every gradient has the factor 1/M as well.",
            (_bce, _bce_backward_summed),
        ),
        Wrong(
            "the yes alone",
            "Where t is 0, your loss is 0 whatever the score. The second half of the formula "
            "charges for a wrong yes.",
            (_bce_of_yes_only, _bce_backward),
        ),
        Wrong(
            "the sigmoid's slope once more",
            "The q(1 − q) of the sigmoid has already cancelled the q(1 − q) below dq. q − t is "
            "all that is left.",
            (_bce, _bce_backward_once_more),
        ),
        Wrong(
            "t − q",
            "The sign: a score that is too high has a positive gradient, q − t.",
            (_bce, _bce_backward_turned),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-losses-4


def _smoothed(smoothed_backward, s, labels, alpha):
    return {"ds": smoothed_backward(s, labels, alpha)}


def _smoothed_backward(s, labels, alpha):
    N, K = s.shape
    ds = _softmax(s) - alpha / K
    ds[np.arange(N), labels] -= 1 - alpha
    return ds / N


def _with_targets(target):
    """A backward pass with another idea of the label's target and the others'."""

    def backward(s, labels, alpha):
        N, K = s.shape
        hit, miss = target(alpha, K)
        t = np.where(labels[:, np.newaxis] == np.arange(K), hit, miss)
        return (_softmax(s) - t) / N

    return backward


def _summed_over_images(s, labels, alpha):
    return len(s) * _smoothed_backward(s, labels, alpha)


def _smoothed_probabilities(s, labels, alpha):
    N, K = s.shape
    t = labels[:, np.newaxis] == np.arange(K)
    return ((1 - alpha) * _softmax(s) + alpha / K - t) / N


LOSSES_AND_OPTIMISERS["ex-losses-4"] = Exercise(
    ask=_smoothed,
    questions={
        "one image": dict(s=drawn(20, 1, 4), labels=np.array([2]), alpha=0.2),
        "a batch": dict(s=drawn(21, 3, 4), labels=np.array([0, 3, 1]), alpha=0.1),
        "no smoothing": dict(s=drawn(22, 2, 3), labels=np.array([1, 1]), alpha=0.0),
        "two classes": dict(s=drawn(23, 2, 2), labels=np.array([1, 0]), alpha=0.5),
    },
    solution=(_smoothed_backward,),
    wrong=(
        Wrong(
            "the label gets no share",
            "Your targets do not add up to 1: the label has 1 − α, and all other classes α/K. The "
            "label's own share of α/K is missing.",
            (_with_targets(lambda alpha, K: (1 - alpha, alpha / K)),),
        ),
        Wrong(
            "shared among the other classes",
            "You deal α out to the K − 1 other classes. Here it goes to all K, the label's among "
            "them.",
            (_with_targets(lambda alpha, K: (1 - alpha, alpha / (K - 1))),),
        ),
        Wrong(
            "nothing taken from the label",
            "The label keeps its 1 and gets α/K besides, so the targets add up to more than 1. "
            "Take α away from it first.",
            (_with_targets(lambda alpha, K: (1 + alpha / K, alpha / K)),),
        ),
        Wrong(
            "nothing smoothed",
            "This is the gradient of the one-hot targets, p − t.",
            (_with_targets(lambda alpha, K: (1.0, 0.0)),),
        ),
        Wrong(
            "the probabilities smoothed",
            "You mix the network's probabilities with 1/K. It is the target that is smoothed.",
            (_smoothed_probabilities,),
        ),
        Wrong(
            "1/N forgotten",
            "The loss is a mean over the batch, so its gradient has the factor 1/N.",
            (_summed_over_images,),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-losses-5


def _on_a_leash(clipped, a, b, limit):
    return results(clipped([a, b], limit), "first", "second")


def _length(arrays):
    return np.linalg.norm(np.concatenate([array.ravel() for array in arrays]))


def _clipped(gradients, limit):
    length = _length(gradients)
    return gradients if length <= limit else [g / length * limit for g in gradients]


def _each_by_its_own(gradients, limit):
    return [_clipped([g], limit)[0] for g in gradients]


def _each_number(gradients, limit):
    return [np.clip(g, -limit, limit) for g in gradients]


def _always_to_the_limit(gradients, limit):
    with np.errstate(all="ignore"):
        return [g / np.float64(_length(gradients)) * limit for g in gradients]


def _to_length_one(gradients, limit):
    length = _length(gradients)
    return gradients if length <= limit else [g / length for g in gradients]


def _by_the_square(gradients, limit):
    square = _length(gradients) ** 2
    return gradients if square <= limit else [g / square * limit for g in gradients]


def _by_the_largest(gradients, limit):
    largest = max(np.abs(g).max() for g in gradients)
    return gradients if largest <= limit else [g / largest * limit for g in gradients]


LOSSES_AND_OPTIMISERS["ex-losses-5"] = Exercise(
    ask=_on_a_leash,
    questions={
        "too long": dict(a=drawn(30, 2, 3), b=drawn(31, 3), limit=1.5),
        "short enough": dict(a=drawn(32, 2, 2) / 10, b=drawn(33, 2) / 10, limit=5.0),
        "only together too long": dict(
            a=np.array([[3.0, 0.0], [0.0, 0.0]]), b=np.array([0.0, -4.0]), limit=4.5
        ),
        "nothing at all": dict(a=np.zeros((2, 2)), b=np.zeros(3), limit=1.0),
    },
    solution=(_clipped,),
    wrong=(
        Wrong(
            "each array by its own norm",
            "You measure and shorten each array alone. Then the network's step points elsewhere: "
            "take one norm of all arrays together, and one factor for all.",
            (_each_by_its_own,),
        ),
        Wrong(
            "each number cut off",
            "`np.clip` cuts every number at the limit, which turns the direction. Multiply all "
            "by one factor.",
            (_each_number,),
        ),
        Wrong(
            "always as long as the limit",
            "You also stretch gradients that are shorter than the limit, and divide zero by zero. "
            "The factor is at most 1.",
            (_always_to_the_limit,),
        ),
        Wrong(
            "shortened to 1",
            "What is too long must become as long as the limit. Yours has the length 1.",
            (_to_length_one,),
        ),
        Wrong(
            "the square of the length",
            "The norm is the root of the sum of squares; the root is missing.",
            (_by_the_square,),
        ),
        Wrong(
            "the largest number for the length",
            "You measure the largest entry. The length is the root of the sum of all squares.",
            (_by_the_largest,),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-losses-6


def _stepped(adamw, theta, g, m, q, tau, rate, decay):
    return results(adamw(theta, g, m, q, tau, rate, decay), "theta", "m", "q")


def _adam(theta, g, m, q, tau, rate, corrected=True):
    """Adam's step from θ with the gradient g."""
    m, q = m + 0.1 * (g - m), q + 0.001 * (g * g - q)
    a, b = (1 - 0.9**tau, 1 - 0.999**tau) if corrected else (1, 1)
    return theta - rate * (m / a) / (np.sqrt(q / b) + 1e-8), m, q


def _adamw(theta, g, m, q, tau, rate, decay):
    return _adam(theta - rate * decay * theta, g, m, q, tau, rate)


def _decay_in_the_gradient(theta, g, m, q, tau, rate, decay):
    return _adam(theta, g + decay * theta, m, q, tau, rate)


def _no_decay(theta, g, m, q, tau, rate, decay):
    return _adam(theta, g, m, q, tau, rate)


def _decay_without_rate(theta, g, m, q, tau, rate, decay):
    return _adam((1 - decay) * theta, g, m, q, tau, rate)


def _decay_afterwards(theta, g, m, q, tau, rate, decay):
    theta, m, q = _adam(theta, g, m, q, tau, rate)
    return (1 - rate * decay) * theta, m, q


def _uncorrected(theta, g, m, q, tau, rate, decay):
    return _adam((1 - rate * decay) * theta, g, m, q, tau, rate, corrected=False)


def _corrected_for_good(theta, g, m, q, tau, rate, decay):
    """The corrected means are handed on, and corrected again in the next step."""
    theta, m, q = _adamw(theta, g, m, q, tau, rate, decay)
    return theta, m / (1 - 0.9**tau), q / (1 - 0.999**tau)


def _counted_from_zero(theta, g, m, q, tau, rate, decay):
    return _adamw(theta, g, m, q, tau + 1, rate, decay)


def _at_step(tau, seed, *shape, rate=0.01, decay=0.1):
    theta, g, m = drawn(seed, *shape), drawn(seed + 1, *shape), drawn(seed + 2, *shape)
    q = m**2 + 1.0
    if tau == 1:
        m, q = np.zeros(shape), np.zeros(shape)
    return dict(theta=theta, g=g, m=m, q=q, tau=tau, rate=rate, decay=decay)


LOSSES_AND_OPTIMISERS["ex-losses-6"] = Exercise(
    ask=_stepped,
    questions={
        "the first step": _at_step(1, 40, 4),
        "the third": _at_step(3, 44, 2, 2, rate=0.1, decay=0.5),
        "step 1000": _at_step(1000, 48, 3, decay=0.2),
        "no decay": _at_step(2, 52, 3, decay=0.0),
    },
    solution=(_adamw,),
    wrong=(
        Wrong(
            "the decay in the gradient",
            "You add λθ to the gradient. That is Adam with weight decay: there it gets into m and "
            "q. AdamW shrinks θ itself and leaves g alone.",
            (_decay_in_the_gradient,),
        ),
        Wrong(
            "no decay",
            "This is Adam's step. The parameters must shrink to (1 − ηλ) of themselves, too.",
            (_no_decay,),
        ),
        Wrong(
            "the decay without the learning rate",
            "You shrink by λ. The factor is 1 − ηλ, so that a schedule slows the decay as well.",
            (_decay_without_rate,),
        ),
        Wrong(
            "the decay after the step",
            "You shrink the new parameters, and with them the step. Shrink first.",
            (_decay_afterwards,),
        ),
        Wrong(
            "no correction of the start",
            "Divide m by 1 − β₁^τ and q by 1 − β₂^τ: both began at zero.",
            (_uncorrected,),
        ),
        Wrong(
            "the corrected means handed on",
            "Your θ is right. Return m and q as they are before the correction: the next step "
            "corrects them for its own τ.",
            (_corrected_for_good,),
        ),
        Wrong(
            "steps counted from zero",
            "The first step has τ = 1. You use τ + 1 in the correction.",
            (_counted_from_zero,),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-losses-7


def _trained(one_epoch, x, labels, weight, size):
    """One epoch of a linear layer on images of few numbers."""
    classes, features = weight.shape
    rng = np.random.default_rng(0)
    model = nn.Linear(features, classes, rng=rng, dtype="float64")
    model.params["weight"][...] = weight
    sgd = nn.SGD(model.params, model.grads, learning_rate=0.5)
    value = one_epoch(model, nn.SoftmaxCrossEntropy(), sgd, x, labels, size, rng)
    return {"L": value, "weight": model.params["weight"], "bias": model.params["bias"]}


def _cut(order, size):
    return np.split(order, range(size, len(order), size))


def _stepped_through(model, loss, optimiser, x, labels, batches):
    """The loss of each batch, and how many images it has."""
    values = []
    for batch in batches:
        values.append(loss.forward(model.forward(x[batch]), labels[batch]))
        model.backward(loss.backward())
        optimiser.step()
    return values, [len(batch) for batch in batches]


def _one_epoch(model, loss, optimiser, x, labels, size, rng):
    batches = _cut(rng.permutation(len(x)), size)
    values, held = _stepped_through(model, loss, optimiser, x, labels, batches)
    return np.average(values, weights=held)


def _not_shuffled(model, loss, optimiser, x, labels, size, rng):
    batches = _cut(np.arange(len(x)), size)
    values, held = _stepped_through(model, loss, optimiser, x, labels, batches)
    return np.average(values, weights=held)


def _labels_left_behind(model, loss, optimiser, x, labels, size, rng):
    return _not_shuffled(model, loss, optimiser, x[rng.permutation(len(x))], labels, size, rng)


def _rest_left_out(model, loss, optimiser, x, labels, size, rng):
    batches = _cut(rng.permutation(len(x)), size)
    whole = [batch for batch in batches if len(batch) == size]
    values, held = _stepped_through(model, loss, optimiser, x, labels, whole)
    return np.average(values, weights=held) if whole else 0.0


def _mean_of_batches(model, loss, optimiser, x, labels, size, rng):
    batches = _cut(rng.permutation(len(x)), size)
    return np.mean(_stepped_through(model, loss, optimiser, x, labels, batches)[0])


def _summed_losses(model, loss, optimiser, x, labels, size, rng):
    return len(x) * _one_epoch(model, loss, optimiser, x, labels, size, rng)


def _step_too_early(model, loss, optimiser, x, labels, size, rng):
    total = 0.0
    for batch in _cut(rng.permutation(len(x)), size):
        total += loss.forward(model.forward(x[batch]), labels[batch]) * len(batch)
        optimiser.step()
        model.backward(loss.backward())
    return total / len(x)


def _one_step(model, loss, optimiser, x, labels, size, rng):
    total = 0.0
    for batch in _cut(rng.permutation(len(x)), size):
        total += loss.forward(model.forward(x[batch]), labels[batch]) * len(batch)
        model.backward(loss.backward())
    optimiser.step()
    return total / len(x)


def _asked_afterwards(model, loss, optimiser, x, labels, size, rng):
    total = 0.0
    for batch in _cut(rng.permutation(len(x)), size):
        _stepped_through(model, loss, optimiser, x, labels, [batch])
        total += loss.forward(model.forward(x[batch]), labels[batch]) * len(batch)
    return total / len(x)


def _images(seed, count, size):
    labels = np.arange(count) % 3
    return dict(x=drawn(seed, count, 4), labels=labels, weight=drawn(seed + 1, 3, 4), size=size)


LOSSES_AND_OPTIMISERS["ex-losses-7"] = Exercise(
    ask=_trained,
    questions={
        "two batches and a rest": _images(60, 10, 4),
        "all in one": _images(62, 6, 6),
        "batches of one": _images(64, 5, 1),
        "fewer images than a batch": _images(66, 3, 8),
    },
    solution=(_one_epoch,),
    wrong=(
        Wrong(
            "not shuffled",
            "You take the images as they come. Take them in the order of "
            "`rng.permutation(len(x))`.",
            (_not_shuffled,),
        ),
        Wrong(
            "the labels left behind",
            "You shuffle the images and not the labels, so each image gets the answer of another. "
            "Index both with the same numbers.",
            (_labels_left_behind,),
        ),
        Wrong(
            "the rest left out",
            "The images behind the last whole batch never get their turn. Let the last batch be "
            "shorter.",
            (_rest_left_out,),
        ),
        Wrong(
            "the mean of the batches",
            "The parameters are right. In the mean loss every image counts once; you count the "
            "short last batch like a whole one. Weigh each batch by its length.",
            (_mean_of_batches,),
        ),
        Wrong(
            "the sum of the losses",
            "The parameters are right. Divide the sum over the images by how many they are.",
            (_summed_losses,),
        ),
        Wrong(
            "the step before the gradient",
            "`step` uses the gradients of the last `backward`, and yours runs after it. So each "
            "batch is answered with the gradients of the one before.",
            (_step_too_early,),
        ),
        Wrong(
            "one step for all batches",
            "You step once, at the end, with the gradients of the last batch: each backward pass "
            "writes over the one before. Step inside the loop.",
            (_one_step,),
        ),
        Wrong(
            "the loss after the step",
            "You ask for the loss once more when the step is done. Take the one that the gradient "
            "came from.",
            (_asked_afterwards,),
        ),
    ),
    chapter=CHAPTER,
)
