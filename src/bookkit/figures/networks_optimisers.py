"""How optimisers descend: paths over the contour lines of a valley."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from bookkit.figures.base import INDEX, LABEL, THIN, Canvas, Figure, dash, hue, number
from bookkit.figures.charts import Point, _curve, _key_rows, _key_width

MARGIN = 8  # around a picture
CONTOURS, CORNERS = 12, 720  # how many levels, and the points of each


def valley(
    A: Sequence | np.ndarray,
    paths: Mapping[str, Sequence | np.ndarray],
    view: Sequence | None = None,
    title: str | None = None,
    width: float = 330,
    caption: str | None = None,
) -> Figure:
    """Paths in the plane over contour lines of ½ zᵀ A z, whose minimum is at (0, 0).

    A single path under a title has no key.
    """
    form = _valley(A)
    ways = {name: np.asarray(path, float).reshape(-1, 2) for name, path in paths.items()}
    box = _view(list(ways.values())) if view is None else np.asarray(view, float)
    scale = (width - 2 * MARGIN) / (box[0, 1] - box[0, 0])
    top, height = 12 + (24 if title else 0), scale * (box[1, 1] - box[1, 0])
    corner = np.array([MARGIN, top])  # where the point (left, high) is drawn

    def placed(points: np.ndarray) -> list[Point]:
        across, down = scale * (points[:, 0] - box[0, 0]), scale * (box[1, 1] - points[:, 1])
        return [(float(x), float(y)) for x, y in np.stack([across, down], axis=1) + corner]

    keyed = len(ways) > 1 or not title
    keys = _key_rows(list(ways), width - 2 * MARGIN) if keyed else []
    canvas = Canvas(width, top + height + 16 + 24 * len(keys), _described(form, ways, title))
    if title:
        canvas.text(width / 2, 14, title, size=LABEL, bold=True)
    for part in (part for contour in _contours(form, box) for part in _inside(contour, box)):
        canvas.line(*placed(part), stroke="rule", weight=THIN)
    canvas.rectangle(MARGIN, top, width - 2 * MARGIN, height, stroke="muted", weight=THIN)
    ((x, y),) = placed(np.zeros((1, 2)))
    canvas.lines([((x - 6, y), (x + 6, y)), ((x, y - 6), (x, y + 6))], stroke="ink", weight=1.5)
    for k, path in enumerate(ways.values()):
        _path(canvas, k, placed(path[:1]), [placed(part) for part in _inside(path, box)])
    _key(canvas, keys, top + height + 20)
    return Figure([canvas], caption)


def _valley(A: Sequence | np.ndarray) -> np.ndarray:
    """The matrix, if it makes a valley."""
    form = np.asarray(A, float)
    square = form.shape == (2, 2)
    if not square or not np.allclose(form, form.T) or np.linalg.eigvalsh(form).min() <= 0:
        raise ValueError(
            f"A must be a symmetric, positive definite 2 × 2 matrix, got {form.tolist()}"
        )
    return form


def _path(canvas: Canvas, k: int, starts: list[Point], parts: list[list[Point]]) -> None:
    """A ring at the start, a line, and a dot for each step."""
    for x, y in starts:
        canvas.disc(x, y, 5, stroke="ink", weight=1.5)
    for places in parts:
        _curve(canvas, places, k, points=False)
        for x, y in places:
            canvas.disc(x, y, 2.4, fill=hue(k), stroke=None)


def _key(canvas: Canvas, rows: list[list[tuple[int, str]]], y: float) -> None:
    for row in rows:
        at = float(MARGIN)
        for k, name in row:
            canvas.line((at, y), (at + 30, y), stroke=hue(k), weight=2, style=dash(k))
            canvas.text(at + 38, y, name, size=INDEX, align="left")
            at += _key_width(name)
        y += 24


def _view(paths: list[np.ndarray]) -> np.ndarray:
    """((left, right), (low, high)) of a picture that shows every path whole, and the minimum."""
    points = np.concatenate([*paths, np.zeros((1, 2))])
    low, high = points.min(axis=0), points.max(axis=0)
    rim = 0.06 * (high - low).max()
    return np.stack([low - rim, high + rim], axis=1)


def _contours(A: np.ndarray, box: np.ndarray) -> Iterator[np.ndarray]:
    """Ellipses at even distances, as many as it takes to fill the view."""
    values, directions = np.linalg.eigh(A)
    angle = np.linspace(0, 2 * np.pi, CORNERS + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    unit = (circle / np.sqrt(values)) @ directions.T  # where ½ zᵀ A z = ½
    corners = np.array([(x, y) for x in box[0] for y in box[1]])
    far = np.sqrt(np.einsum("ki,ij,kj->k", corners, A, corners).max())
    for k in range(1, CONTOURS + 1):
        yield far * k / CONTOURS * unit


def _inside(points: np.ndarray, box: np.ndarray) -> Iterator[np.ndarray]:
    """The stretches of a polyline that lie in the view."""
    within = np.logical_and(points >= box[:, 0], points <= box[:, 1])
    seen: np.ndarray = np.all(within, axis=1)
    for stretch in np.split(np.arange(len(points)), np.flatnonzero(np.diff(seen)) + 1):
        if seen[stretch[0]] and len(stretch) > 1:
            yield points[stretch]


def _described(A: np.ndarray, paths: Mapping[str, np.ndarray], title: str | None) -> str:
    values = np.linalg.eigvalsh(A)
    ends = "; ".join(
        f"{name} goes in {len(path) - 1} steps from {_point(path[0])} to {_point(path[-1])}"
        for name, path in paths.items()
    )
    return (
        (f"{title}: " if title else "")
        + f"Contour lines of a valley {number(np.sqrt(values[1] / values[0]), 1)} times as long as "
        + f"wide, its minimum marked, with paths over it. {ends}."
    )


def _point(place: np.ndarray) -> str:
    return f"({number(place[0])}, {number(place[1])})"
