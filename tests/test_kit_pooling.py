"""The conformance kit on pooling: right functions pass, and each wrong one is told its mistake."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from strategies import TIERS, load
from wrong.pooling import WRONG, both, counted, four, p_norm, padded, slices

from convpool import loops
from convpool.verify import cases, conformance, mistaken, mistakes
from convpool.verify.cases.pooling import POOLING
from convpool.verify.examination import examine, same
from convpool.verify.signatures import adapt

BOOK = Path(__file__).parents[1] / "book"
BACKWARD = [op for op in POOLING if op.endswith("_backward")]
MADE = [(op, mistake) for op, made in WRONG.items() for mistake in made]
MINUTES = 120.0  # compiling a kernel counts as running it


# ---------------------------------------------------------------------------- the answers


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("op", POOLING)
def test_expected_answers_are_those_of_every_tier(op, tier):
    function = getattr(load(tier), op)
    for trial in cases.trials(op):
        result = function(**trial.arrays, **trial.arguments)
        results = result if isinstance(result, tuple) else (result,)
        assert len(results) == len(trial.expected), trial.name
        for array, expected in zip(results, trial.expected.values(), strict=True):
            assert same(expected, array, trial), trial.name
            assert expected.dtype == array.dtype, trial.name


@pytest.mark.parametrize("op", POOLING)
def test_every_row_asks_the_same_twice(op):
    for once, again in zip(cases.trials(op), cases.trials(op), strict=True):
        assert once.name == again.name
        for name, array in once.arrays.items():
            assert np.array_equal(array, again.arrays[name], equal_nan=True)


@pytest.mark.parametrize("op", POOLING)
def test_rows_have_names_of_their_own_and_are_small_enough_to_read(op):
    names = [trial.name for trial in cases.trials(op)]
    assert len(set(names)) == len(names)
    assert max(trial.size for trial in cases.trials(op)) <= 160


@pytest.mark.parametrize("op", BACKWARD)
def test_no_cotangent_is_constant(op):
    for trial in cases.trials(op):
        dy = trial.arrays["dy"]
        assert dy.size == 1 or np.ptp(dy) > 0.01, trial.name


# ---------------------------------------------------------------------------- right functions


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("op", POOLING)
def test_nothing_right_is_accused(op, tier):
    report = conformance(getattr(load(tier), op), op, limit=MINUTES)
    assert report.passed, str(report)
    assert report.diagnosis is None
    assert not report.unsupported


def refuse_pairs(first, *others):
    numbers = [first, *(other for other in others if other is not None)]
    if not all(isinstance(number, int | float) for number in numbers):
        raise NotImplementedError("one number for rows and columns")


def max_of_ints(x, kernel_size, stride=None, padding=0):
    refuse_pairs(kernel_size, stride, padding)
    return loops.max_pool2d(x, kernel_size, stride, padding)


def max_back_of_ints(dy, x, kernel_size, stride=None, padding=0):
    refuse_pairs(kernel_size, stride, padding)
    return loops.max_pool2d_backward(dy, x, kernel_size, stride, padding)


def mean_of_ints(x, kernel_size, stride=None):
    refuse_pairs(kernel_size, stride)
    return loops.avg_pool2d(x, kernel_size, stride)


def mean_back_of_ints(dy, x, kernel_size, stride=None):
    refuse_pairs(kernel_size, stride)
    return loops.avg_pool2d_backward(dy, x, kernel_size, stride)


def norm_of_ints(x, norm_type, kernel_size):
    refuse_pairs(kernel_size)
    return loops.lp_pool2d(x, norm_type, kernel_size)


def norm_back_of_ints(dy, x, norm_type, kernel_size):
    refuse_pairs(kernel_size)
    return loops.lp_pool2d_backward(dy, x, norm_type, kernel_size)


def bins_of_ints(x, output_size):
    refuse_pairs(output_size)
    return loops.adaptive_max_pool2d(x, output_size)


def bins_back_of_ints(dy, x, output_size):
    refuse_pairs(output_size)
    return loops.adaptive_avg_pool2d_backward(dy, x, output_size)


@pytest.mark.parametrize(
    ("op", "function"),
    [
        ("max_pool2d", max_of_ints),
        ("max_pool2d_backward", max_back_of_ints),
        ("avg_pool2d", mean_of_ints),
        ("avg_pool2d_backward", mean_back_of_ints),
        ("lp_pool2d", norm_of_ints),
        ("lp_pool2d_backward", norm_back_of_ints),
        ("adaptive_max_pool2d", bins_of_ints),
        ("adaptive_avg_pool2d_backward", bins_back_of_ints),
    ],
)
def test_a_function_that_can_less_is_not_accused(op, function):
    report = conformance(function, op)
    assert report.passed, str(report)
    assert report.diagnosis is None
    unsupported = {finding.trial.name for finding in report.unsupported}
    pairs = {
        t.name for t in cases.trials(op) if any(type(v) is tuple for v in t.arguments.values())
    }
    dilated = {t.name for t in cases.trials(op) if t.arguments.get("dilation", 1) != 1}
    assert unsupported >= pairs | dilated


def test_a_function_that_falls_over_pairs_and_none_is_not_accused():
    def bins_of_a_square(x, output_size):
        N, C, H, W = x.shape
        y = np.empty((N, C, output_size, output_size), x.dtype)
        for i, j in np.ndindex(y.shape[2:]):
            rows = slice(i * H // output_size, -(-(i + 1) * H // output_size))
            cols = slice(j * W // output_size, -(-(j + 1) * W // output_size))
            y[:, :, i, j] = x[:, :, rows, cols].mean(axis=(2, 3))
        return y

    report = conformance(bins_of_a_square, "adaptive_avg_pool2d")
    assert report.passed, str(report)


def test_a_right_function_written_by_somebody_else_passes():
    def max_pool_by_views(x, kernel_size, stride=None, padding=0):
        cells = padded(x, padding, -np.inf)
        (sh, sw) = both(kernel_size if stride is None else stride)
        view = np.lib.stride_tricks.sliding_window_view(cells, both(kernel_size), axis=(2, 3))
        return view[:, :, ::sh, ::sw].max(axis=(4, 5))

    assert conformance(max_pool_by_views, "max_pool2d").passed


# ---------------------------------------------------------------------------- wrong functions


@pytest.mark.parametrize(("op", "mistake"), MADE)
def test_the_diagnosis_names_the_mistake(op, mistake):
    for function in WRONG[op][mistake]:
        report = conformance(function, op)
        assert not report.passed
        assert report.diagnosis == mistake, str(report)


@pytest.mark.parametrize("op", POOLING)
def test_every_known_mistake_of_an_operator_is_made_by_hand(op):
    assert set(WRONG[op]) == {m.name for m in mistakes.POOLING if op in m.ops}


# For each mistake the rows that stand on its edge: it must be wrong there, wherever the row exists.
EDGES = {
    "assignment in overlap": (
        "overlap: 3 × 3, stride 1",
        "overlap: 3 × 3, stride 2",
        "bins that share cells: 5 → 3",
    ),
    "zero padding in max": (
        "all-negative border: 2 × 2, padding 1",
        "all-negative ceil overhang: 2 × 2 on 3 × 3",
    ),
    "maximum starts at zero": ("all negative",),
    "windows from the unpadded input": (
        "padding: 3 × 3, stride 2, padding 1",
        "asymmetric padding: 1 above, 1 on the right",
    ),
    "every tied maximum": ("ties", "ties where windows overlap", "ties where bins share cells"),
    "every global maximum": ("ties",),
    "gradient split among ties": (
        "ties",
        "ties where windows overlap",
        "ties where bins share cells",
    ),
    "last tie wins": ("places of ties",),
    "last tie wins, backward": ("ties",),
    "NaN ignored": ("NaN in a window", "NaN in a bin", "NaN in a plane"),
    "places counted elsewhere": (
        "places of the maxima",
        "places of the maxima, overlap and padding",
    ),
    "every plane in the first": ("side by side: 2 × 2, stride 2", "bins of one size: 4 → 2"),
    "addition in unpooling": ("places that occur twice: 3 × 3, stride 1",),
    "indices ignored": ("side by side: 2 × 2, stride 2",),
    "output_size ignored": ("a remainder that comes back: 5 × 7",),
    "divisor counts padding": (
        "padding out of the divisor: 3 × 3, stride 2, padding 1",
        "asymmetric padding out of the divisor",
    ),
    "divisor leaves padding out": ("padding: 3 × 3, stride 2, padding 1",),
    "ceil overhang counted": ("ceil overhang: 2 × 2 on 3 × 5",),
    "mean's gradient taken as 1": ("side by side: 2 × 2, stride 2", "one plane", "one bin"),
    "divisor without parentheses": (
        "non-square kernel and a remainder: 2 × 3 on 5 × 6",
        "non-square plane: 4 × 6 → 2 × 2",
        "wide planes: 2 × 3",
        "a tall plane: 3 × 2",
    ),
    "divisor_override ignored": (
        "divisor 3 for all",
        "divisor 3 for all, padding and ceil overhang",
    ),
    "absolute value missing": (
        "p = 1, negative cells",
        "p = 3, negative cells",
        "p = 1.5, negative cells",
        "all negative, p = 3",
    ),
    "sign lost": ("p = 1, negative cells", "p = 3, negative cells", "p = 1.5, negative cells"),
    "root not taken": ("side by side: 2 × 2, stride 2", "p = 3, negative cells"),
    "norm of the mean": ("side by side: 2 × 2, stride 2", "p = 1.5, negative cells"),
    "norm_type ignored": ("p = 1, negative cells", "p = 3, negative cells"),
    "norm not divided": ("side by side: 2 × 2, stride 2",),
    "zero over zero": ("windows of zeros", "windows of zeros, p = 3"),
    "bins without overlap": ("bins that share cells: 5 → 3",),
    "bins of one size": ("bins that share cells: 5 → 3",),
    "one divisor for all bins": ("bins of two sizes that share cells: 10 → 4",),
    "plane axes kept": ("one plane",),
    "channels taken for a side of the plane": ("a batch and channels: 2 × 3 planes",),
    "padding ignored": (
        "padding: 3 × 3, stride 2, padding 1",
        "non-square padding: 1 and 0",
        "asymmetric padding: 1 above, 1 on the right",
    ),
    "padding not removed": ("padding: 3 × 3, stride 2, padding 1", "non-square padding: 1 and 0"),
    "padding cut by minus zero": ("side by side: 2 × 2, stride 2",),
    "leading padding on both sides": ("asymmetric padding: 1 above, 1 on the right",),
    "stride taken as kernel size": (
        "overlap: 3 × 3, stride 1",
        "gaps between windows: 2 × 2, stride 3",
    ),
    "dilation ignored": (
        "dilation 2: 2 × 2, stride 1",
        "dilation and stride, non-square: 1 and 2",
    ),
    "dilation off by one": ("dilation 2: 2 × 2, stride 1",),
    "ceil_mode ignored": ("ceil overhang: 2 × 2 on 3 × 5",),
    "ceil_mode always on": ("remainder: 2 × 2 on 5 × 7",),
    "ceil_mode without its bound": (
        "ceil mode, where no window may start in the trailing padding",
    ),
    "last window missing": ("side by side: 2 × 2, stride 2",),
    "reshaped instead of transposed": ("side by side: 2 × 2, stride 2",),
    "remainder dropped": ("remainder: 2 × 2 on 5 × 7",),
    "height and width exchanged": (
        "non-square kernel and a remainder: 2 × 3 on 5 × 6",
        "non-square kernel: 2 × 3",
        "non-square output: 6 × 6 → 3 × 2",
        "wide planes: 2 × 3",
    ),
}


@pytest.mark.parametrize(("op", "mistake"), MADE)
def test_the_row_on_the_edge_of_a_mistake_fails(op, mistake):
    way = ", backward" if op.endswith("_backward") else ""
    edges = EDGES.get(mistake + way) or EDGES[mistake]
    here = [trial for trial in cases.trials(op) if trial.name in edges]
    assert here
    for trial in here:
        answers = [examine(adapt(function, op), [trial]) for function in WRONG[op][mistake]]
        assert "failed" in [finding.status for (finding,) in answers], trial.name


# ---------------------------------------------------------------------------- unknown mistakes


@pytest.mark.parametrize("op", BACKWARD)
def test_an_unknown_mistake_is_reported_without_a_name(op):
    def upside_down(dy, x, *args, **kwargs):
        return getattr(loops, op)(
            dy[:, ::-1] if dy.ndim == 2 else dy[:, :, ::-1], x, *args, **kwargs
        )

    upside_down.__signature__ = inspect.signature(getattr(loops, op))
    report = conformance(upside_down, op)
    assert not report.passed
    assert report.diagnosis is None


# ---------------------------------------------------------------------------- two mistakes


def assigned_past_zeros(dy, x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    cells = padded(x, padding, 0)
    dcells = np.zeros_like(cells)
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = slices(i, j, kernel_size, stride)
        u, v = divmod(int(np.argmax(cells[n, c, rows, cols])), both(kernel_size)[1])
        dcells[n, c, rows.start + u, cols.start + v] = dy[n, c, i, j]
    (top, _), (left, _) = four(padding)
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


def nanmax_with_zeros(x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    cells = padded(x, padding, 0)
    y = np.zeros((*x.shape[:2], *counted(x, kernel_size, stride, padding, 1)), x.dtype)
    for i, j in np.ndindex(y.shape[2:]):
        rows, cols = slices(i, j, kernel_size, stride)
        y[:, :, i, j] = np.nanmax(cells[:, :, rows, cols], axis=(2, 3))
    return y


def always_over_the_kernel(x, kernel_size, stride=None, padding=0, ceil_mode=False,
                           count_include_pad=True, divisor_override=None):  # fmt: skip
    total = loops.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, divisor_override=1)
    return total / (divisor_override or np.prod(both(kernel_size)))


def mean_of_signed_powers(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    mean = loops.avg_pool2d(x**norm_type, kernel_size, stride, 0, ceil_mode)
    return (mean * np.prod(both(kernel_size))) ** (1 / norm_type)


def short_bins_without_parentheses(dy, x, output_size):
    (H, W), (rows, cols) = x.shape[2:], dy.shape[2:]
    dx = np.zeros_like(x)
    for i, j in np.ndindex(rows, cols):
        h, w = (i * H // rows, (i + 1) * H // rows), (j * W // cols, (j + 1) * W // cols)
        share = dy[:, :, i, j, np.newaxis, np.newaxis] / (h[1] - h[0]) * (w[1] - w[0])
        dx[:, :, slice(*h), slice(*w)] += share
    return dx


def unsigned_without_norm(dy, x, norm_type, kernel_size, stride=None):
    stride = stride or kernel_size
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        at = slices(i, j, kernel_size, stride)
        patch = x[n, c][at]
        if p_norm(patch, norm_type):
            dx[n, c][at] = dy[n, c, i, j] * (np.abs(patch) / p_norm(patch, norm_type)) ** (
                norm_type - 1
            )
    return dx


@pytest.mark.parametrize(
    ("op", "function", "mistakes_made"),
    [
        (
            "max_pool2d_backward",
            assigned_past_zeros,
            "assignment in overlap + zero padding in max",
        ),
        ("max_pool2d", nanmax_with_zeros, "zero padding in max + NaN ignored"),
        (
            "avg_pool2d",
            always_over_the_kernel,
            "divisor counts padding + ceil overhang counted",
        ),
        ("lp_pool2d", mean_of_signed_powers, "ceil overhang counted + absolute value missing"),
        (
            "adaptive_avg_pool2d_backward",
            short_bins_without_parentheses,
            "divisor without parentheses + bins without overlap",
        ),
        ("lp_pool2d_backward", unsigned_without_norm, "assignment in overlap + sign lost"),
    ],
)
def test_two_mistakes_at_once_are_both_named(op, function, mistakes_made):
    assert conformance(function, op).diagnosis == mistakes_made


def test_what_is_the_same_wrong_number_is_told_as_both():
    """A mean's share does not depend on x: unpadded, and cut from the corner, are one."""
    report = conformance(WRONG["avg_pool2d_backward"]["padding ignored"][0], "avg_pool2d_backward")
    assert [other.name for other in report.verdict.others] == ["padding not removed"]


# ---------------------------------------------------------------------------- the table


def test_every_name_is_used_once():
    names = [mistake.name for mistake in mistakes.POOLING]
    assert len(set(names)) == len(names)


def test_every_chapter_of_the_table_exists():
    for mistake in mistakes.POOLING:
        assert (BOOK / f"{mistake.chapter}.ipynb").exists(), mistake.name


@pytest.mark.parametrize("mistake", mistakes.POOLING, ids=lambda mistake: mistake.name)
def test_every_way_to_make_a_mistake_is_a_way_in_some_operator(mistake):
    for slip in mistake.slips:
        assert any(not right_everywhere(op, slip) for op in mistake.ops), slip
    for op in mistake.ops:
        assert any(not right_everywhere(op, slip) for slip in mistake.slips), op


def right_everywhere(op, slip):
    for trial in cases.trials(op):
        try:
            with np.errstate(all="ignore"):
                results = mistaken.answer(op, trial.arrays, trial.arguments, frozenset((slip,)))
        except (ValueError, IndexError, ZeroDivisionError):
            return False
        if not all(same(trial.expected[name], results[name], trial) for name in results):
            return False
    return True


def test_the_whole_table_is_found_by_the_kit():
    for op in POOLING:
        assert {s.name for s in mistakes.suspects(op)} >= set(WRONG[op])
