"""Curves as a plain SVG: axes with labels, a line for each name, a legend. Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from clawlocal.errors import ConfigError

Points = Sequence[tuple[float, float]]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Told apart by the colour-blind too (Okabe and Ito)."""

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 60, 20, 150, 50
"""Of the picture, and of the margins around the plot, in pixels."""


def check(file: Path) -> None:
    """Before hours are spent: the file can be written. Raises `ConfigError`."""
    if file.suffix != ".svg" or not file.absolute().parent.is_dir():
        raise ConfigError(f"Cannot write the plot to {file}: name a .svg file in a folder that exists.")


def write(file: Path, curves: Mapping[str, Points], *, x: str, y: str) -> None:
    """Raises `ConfigError`."""
    try:
        file.write_text(svg(curves, x=x, y=y), encoding="utf-8")
    except OSError as e:
        raise ConfigError(f"Cannot write the plot to {file}: {e.strerror}.") from e


def svg(curves: Mapping[str, Points], *, x: str, y: str) -> str:
    """Shares from 0 to 1 over numbers from 0 on; `x` and `y` name the axes."""
    most = max((at for points in curves.values() for at, _ in points), default=1.0) or 1.0
    ticks = sorted({at for points in curves.values() for at, _ in points})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_axes(ticks, most, x, y),
    ]
    for i, (name, points) in enumerate(curves.items()):
        parts += _curve(name, points, most, COLOURS[i % len(COLOURS)], TOP + 10 + 20 * i)
    return "\n".join([*parts, "</svg>", ""])


def _axes(ticks: Sequence[float], most: float, x: str, y: str) -> Iterator[str]:
    left, right, bottom, top = LEFT, WIDTH - RIGHT, _down(0), _down(1)
    yield f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="black"/>'
    for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
        at = _down(share)
        yield f'<path d="M{left} {at}H{right}" stroke="#ddd"/>'
        yield f'<text x="{left - 8}" y="{at + 4}" text-anchor="end">{share:g}</text>'
    for tick in ticks:
        at = _along(tick, most)
        yield f'<path d="M{at} {bottom}v5" stroke="black"/>'
        yield f'<text x="{at}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
    yield f'<text x="{(left + right) / 2:g}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>'
    middle = f"{(top + bottom) / 2:g}"
    yield f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">{escape(y)}</text>'


def _curve(name: str, points: Points, most: float, colour: str, row: int) -> Iterator[str]:
    places = [(_along(at, most), _down(share)) for at, share in points]
    line = " ".join(f"{across},{down}" for across, down in places)
    yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for across, down in places:
        yield f'<circle cx="{across}" cy="{down}" r="3" fill="{colour}"/>'
    at = WIDTH - RIGHT + 15
    yield f'<path d="M{at} {row}h18" stroke="{colour}" stroke-width="2"/>'
    yield f'<text x="{at + 24}" y="{row + 4}">{escape(name)}</text>'


def _along(value: float, most: float) -> float:
    return round(LEFT + value / most * (WIDTH - LEFT - RIGHT), 1)


def _down(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)
