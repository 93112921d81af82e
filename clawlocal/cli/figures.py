"""A benchmark's report as aligned lines with units. Knows no benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

UNITS = {
    "_tokens_per_s": "tokens/s",
    "_gb_per_s": "GB/s",
    "_mb_per_100_swaps": "MB per 100 swaps",
    "_gb": "GB",
    "_mb": "MB",
    "_ms": "ms",
    "_seconds": "s",
    "_cores": "cores",
}
"""What a part of a figure's name says of it, the first that is in it; any other figure has no unit."""


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The machine, what was measured in sections, the ratios last."""
    yield f"{report['name']} on {_machine(report['machine'])}"
    yield from _section("", report["results"])
    if report["ratios"]:
        yield from _section("ratios", report["ratios"])


def _machine(machine: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine.items() if value is not None)


def _section(title: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Figures of this section, aligned, then the sections inside it under their full names."""
    inner = {name: value for name, value in values.items() if isinstance(value, Mapping) and not _is_spread(value)}
    tables = {name: value for name, value in values.items() if _is_table(value)}
    figures = {name: value for name, value in values.items() if name not in inner and name not in tables}
    if title and figures:
        yield ""
        yield title
    width = max(map(len, figures), default=0)
    unit = _unit(title)
    for name, value in figures.items():
        yield f"  {name.ljust(width)}  {_figure(value)} {_unit(name) or unit}".rstrip()
    for name, rows in tables.items():
        yield ""
        yield f"{title} / {name}" if title else name
        yield from _table(rows)
    for name, value in inner.items():
        yield from _section(f"{title} / {name}" if title else name, value)


def _is_spread(value: Mapping[str, Any]) -> bool:
    return {"median", "min", "max", "iqr"} <= set(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A column for each name in the first row, as wide as what is in it."""
    names = list(rows[0])
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield f"  {'  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))}".rstrip()


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(each)}" for name, each in value.items()) or "-"
    if value is None or value in ("", []):
        return "-"
    return _figure(value)


def _figure(value: Any) -> str:
    if isinstance(value, Mapping):
        low, high, iqr = (_figure(value[key]) for key in ("min", "max", "iqr"))
        return f"{_figure(value['median']):>8}  ({low} to {high}, IQR {iqr}, n {value['n']})"
    if isinstance(value, list):
        return " ".join(map(_figure, value))
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def _unit(name: str) -> str:
    return next((unit for part, unit in UNITS.items() if f"{part}_" in f"{name}_"), "")
