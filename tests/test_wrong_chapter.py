"""The chapter on wrong gradients: its table says what is so, and the checks behind it can fail."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import convpool
from bookkit import figures
from bookkit.wrong import AWKWARD, CHECKS, USUAL, Exhibit

CHAPTER = Path(__file__).parent.parent / "book" / "wrong" / "gradients.ipynb"


@pytest.fixture(scope="module")
def stored():
    """The table as the page shows it: mistake → check → whether it was caught."""
    cells = nbformat.read(CHAPTER, as_version=4).cells
    (cell,) = (c for c in cells if c.cell_type == "code" and "figures.verdicts(" in c.source)
    head, *rows = cell.outputs[0].data["text/plain"].splitlines()
    checks = head.split()
    table = {}
    for row in rows:
        name, marks = re.match(r"(.*?)\s+([✓–](?:\s+[✓–])*)(?:\s|$)", row).groups()
        table[name] = dict(zip(checks, (mark == "✓" for mark in marks.split()), strict=True))
    return table


# ---------------------------------------------------------------------------- the stored table


def test_the_table_holds_sixteen_mistakes_and_the_five_checks(stored):
    assert len(stored) == 16
    assert all(list(row) == list(CHECKS) for row in stored.values())


def test_right_answers_catch_every_mistake(stored):
    assert all(row["vectors"] for row in stored.values())


def slopes(layer, dy, x):
    """The gradient of ⟨dy, layer(x)⟩ by nudging each cell; x holds numbers that lie far apart."""
    dx = np.zeros_like(x)
    for cell in np.ndindex(x.shape):
        for sign in (1, -1):
            nudged = x.copy()
            nudged[cell] += sign / 4
            dx[cell] += sign * 2 * np.sum(dy * layer(nudged))
    return dx


def shuffled(*shape):
    rng = np.random.default_rng(12)
    return rng.permutation(int(np.prod(shape))).reshape(shape) - 7.0


def maxima(x, k, s):
    """One plane, windows of k × k by hand → {(i, j): (the maximum, the cells that hold it)}."""
    H, W = x.shape
    found = {}
    for i in range((H - k) // s + 1):
        for j in range((W - k) // s + 1):
            window = [(i * s + u, j * s + v) for u in range(k) for v in range(k)]
            top = max(x[cell] for cell in window)
            found[i, j] = top, [cell for cell in window if x[cell] == top]
    return found


def pooled(x, k, s):
    found = maxima(x, k, s)
    y = np.zeros(tuple(np.max(list(found), axis=0) + 1))
    for output, (top, _) in found.items():
        y[output] = top
    return y


def assigned(dy, x, k, s):
    dx = np.zeros_like(x)
    for output, (_, cells) in maxima(x, k, s).items():
        dx[cells[0]] = dy[output]
    return dx


@pytest.mark.parametrize(
    ("check", "k", "s", "cotangent"),
    [("ones", 2, 2, np.ones), ("random", 2, 2, "normal"), ("overlap", 3, 1, "normal")],
)
def test_assignment_is_seen_where_windows_overlap_and_nowhere_else(stored, check, k, s, cotangent):
    x = shuffled(4, 4)
    shape = pooled(x, k, s).shape
    dy = np.ones(shape) if cotangent is np.ones else np.random.default_rng(3).normal(size=shape)
    seen = not np.allclose(assigned(dy, x, k, s), slopes(lambda x: pooled(x, k, s), dy, x))
    assert stored["assigns where windows overlap"][check] == seen


def test_ones_do_not_see_exchanged_axes_and_a_random_cotangent_does(stored):
    x = shuffled(4, 4)
    for check, dy in (
        ("ones", np.ones((2, 2))),
        ("random", np.random.default_rng(4).normal(size=(2, 2))),
    ):
        right = slopes(lambda x: pooled(x, 2, 2), dy, x)
        exchanged = slopes(lambda x: pooled(x, 2, 2), dy.T, x)
        assert stored["exchanges height and width"][check] == (not np.allclose(exchanged, right))


def test_tied_maxima_are_seen_by_inner_products_and_not_by_differences(stored):
    def mask(dy, x):
        dx = np.zeros_like(x)
        for output, (_, cells) in maxima(x, 2, 2).items():
            for cell in cells:
                dx[cell] += dy[output]
        return dx

    rng = np.random.default_rng(5)
    x, dy = shuffled(4, 4), rng.normal(size=(2, 2))
    assert np.allclose(mask(dy, x), slopes(lambda x: pooled(x, 2, 2), dy, x))
    assert not stored["pays every tied maximum"]["random"]

    tied, z = np.zeros((4, 4)), rng.normal(size=(4, 4))
    picked = np.array([z[cells[0]] for _, cells in maxima(tied, 2, 2).values()])
    assert not np.isclose(np.sum(picked * dy.ravel()), np.sum(z * mask(dy, tied)))
    assert stored["pays every tied maximum"]["adjoint"]


def test_zero_padding_is_the_right_gradient_of_the_wrong_layer(stored):
    x = shuffled(4, 4)
    dy = np.random.default_rng(6).normal(size=(3, 3))

    def layer(x):
        return pooled(np.pad(x, 1), 2, 2)

    dx = assigned(dy, np.pad(x, 1), 2, 2)[1:-1, 1:-1]  # side by side: nothing to add
    assert np.allclose(dx, slopes(layer, dy, x))
    assert not stored["pads a maximum with zeros"]["overlap"]
    dx = assigned(dy, np.pad(x - 100, 1), 2, 2)[1:-1, 1:-1]
    right = assigned(dy, np.pad(x - 100, 1, constant_values=-np.inf), 2, 2)[1:-1, 1:-1]
    assert not np.allclose(dx, right)
    assert stored["pads a maximum with zeros"]["vectors"]


def test_the_mean_taken_as_one_is_seen_by_everything(stored):
    assert all(stored["takes the mean's partials as 1"].values())


# ---------------------------------------------------------------------------- the checks


OPERATORS = {
    "max_pool2d_backward": convpool.max_pool2d_backward,
    "avg_pool2d_backward": convpool.avg_pool2d_backward,
    "conv2d_backward": convpool.conv2d_backward,
    "fold": convpool.fold,
}


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("check", CHECKS)
def test_every_check_accepts_what_is_right(op, check):
    assert Exhibit(OPERATORS[op], op).passes(check)


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("check", CHECKS)
def test_every_check_refuses_twice_the_gradient(op, check):
    right = OPERATORS[op]

    def twice(*arrays, kernel_size=None, stride=1, padding=0, groups=1):
        told = {"kernel_size": kernel_size} if kernel_size else {"groups": groups}
        result = right(*arrays, **told, stride=stride, padding=padding)
        return tuple(2 * g for g in result) if isinstance(result, tuple) else 2 * result

    assert not Exhibit(twice, op).passes(check)


def test_every_gradient_of_a_convolution_is_looked_at():
    for k in range(3):

        def spoilt(dy, x, weight, stride=1, padding=0, k=k):
            gradients = list(convpool.conv2d_backward(dy, x, weight, stride, padding))
            gradients[k] = gradients[k] + 1
            return tuple(gradients)

        assert not any(Exhibit(spoilt, "conv2d_backward").passes(check) for check in CHECKS)


def test_a_crash_is_caught_and_a_wrong_shape_too():
    def crashes(dy, x, kernel_size):
        raise RuntimeError

    def cropped(dy, x, kernel_size, stride=None):
        return convpool.max_pool2d_backward(dy, x, kernel_size, stride)[:, :, :-1]

    for wrong in (crashes, cropped):
        assert all(Exhibit(wrong, "max_pool2d_backward").caught.values())


def test_the_awkward_setting_has_overlap_padding_a_remainder_and_no_square():
    for op, (shape, arguments) in AWKWARD.items():
        kernel = arguments.get("kernel_size", arguments.get("weight", (0, 0, 0, 0))[2:])
        W = convpool.window(shape[2:], kernel, arguments["stride"], arguments["padding"])
        assert W.rows.kernel > W.rows.stride, op
        assert W.rows.before > 0, op
        assert max(W.rows.remainder, W.cols.remainder) > 0, op
        assert shape[2] != shape[3], op
        assert USUAL[op][0][:2] == (1, 1), op


# ---------------------------------------------------------------------------- the figure


def test_a_table_of_verdicts_says_in_words_what_it_shows():
    table = {"a < b": {"ones": False, "random": True}, "c": {"ones": False, "random": False}}
    figure = figures.verdicts(table, {"a < b": "a name"}, "*Read* it.")
    assert figure.alt == "What catches what. a < b: random; c: nothing."
    page = figure._repr_html_()
    assert page.count('aria-label="caught"') == 1
    assert page.count('aria-label="missed"') == 3
    assert "a &lt; b<br>" in page
    assert ">a name<" in page
    assert "<em>Read</em> it." in page
    assert re.findall(r"<td[^>]*>(\d+)</td>", page) == ["0", "1"]
    assert repr(figure).splitlines()[1].split() == ["a", "<", "b", "–", "✓", "a", "name"]
