"""Plots as inline SVG, coloured by the page's style: marks with intervals, and lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

_WIDTH = 720
_LABELS = 150
"""Pixels left of the axis, for names."""
_RIGHT = 110
_ROW = 26
_HEIGHT = 300
_COLOURS = 8
_LEAST = 1e-3
"""Percent at which a logarithmic axis begins: one in 100,000. What is less is drawn there."""


class Bar(NamedTuple):
    """A value with its interval."""

    name: str
    value: float
    low: float
    high: float
    hollow: bool = False
    """Too uncertain to tell."""


class Line(NamedTuple):
    """A curve."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


class _Scale(NamedTuple):
    """From values to pixels."""

    place: Callable[[float], float]
    ticks: Sequence[float]


def bars(rows: Sequence[Bar], *, unit: str = " %", logarithmic: bool = False, aim: float | None = None) -> str:
    """A mark and an interval a row, on one axis; `aim` is a dashed line across, as a share where `unit` is percent."""
    if not rows:
        return ""
    line = [] if aim is None else [100 * aim if unit == " %" else aim]
    ends = [end for row in rows for end in (row.low, row.high)] + line
    scale = _scale(min(ends), max(ends), _LABELS, _WIDTH - _RIGHT, logarithmic)
    bottom = _ROW * len(rows) + 8
    parts = [_vertical(scale, tick, bottom, unit) for tick in scale.ticks]
    parts += [
        f'<line class="aim" x1="{scale.place(x):.1f}" x2="{scale.place(x):.1f}" y1="0" y2="{bottom}"/>' for x in line
    ]
    parts += [_bar(row, scale, _ROW * index + _ROW / 2 + 4, unit) for index, row in enumerate(rows)]
    return _svg(bottom + 24, "; ".join(f"{row.name}: {row.value:.3g}{unit}" for row in rows), parts)


def lines(curves: Sequence[Line], *, logarithmic: bool = False, unit: str = " %", across_unit: str = "") -> str:
    """Curves, as in percent over similarity thresholds; each is named below the plot."""
    if not curves:
        return ""
    across = _scale(min(c.x[0] for c in curves), max(c.x[-1] for c in curves), 70, _WIDTH - 20, False)
    values = [y for curve in curves for y in curve.y]
    up = _scale(min(values), max(values), _HEIGHT - 10, 10, logarithmic)
    parts = [_vertical(across, tick, _HEIGHT - 10, across_unit) for tick in across.ticks]
    parts += [_horizontal(up, tick, unit) for tick in up.ticks]
    for index, curve in enumerate(curves):
        points = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in zip(curve.x, curve.y, strict=True))
        left, top = 70 + 160 * (index % 4), _HEIGHT + 36 + 20 * (index // 4)
        parts.append(f'<polyline class="line" {_stroke(index)} points="{points}"/>')
        parts.append(
            f'<line class="line" {_stroke(index)} x1="{left}" x2="{left + 24}" y1="{top - 4}" y2="{top - 4}"/>'
        )
        parts.append(f'<text x="{left + 30}" y="{top}">{escape(curve.name)}</text>')
    return _svg(_HEIGHT + 44 + 20 * ((len(curves) - 1) // 4), ", ".join(curve.name for curve in curves), parts)


def _bar(row: Bar, scale: _Scale, y: float, unit: str) -> str:
    low, middle, high = (scale.place(value) for value in (row.low, row.value, row.high))
    return (
        f'<text x="{_LABELS - 12}" y="{y + 4}" text-anchor="end">{escape(row.name)}</text>'
        f'<line class="mark" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
        f'<circle class="mark{" hollow" if row.hollow else ""}" cx="{middle:.1f}" cy="{y}" r="4.5"/>'
        f'<text class="soft" x="{_WIDTH - _RIGHT + 12}" y="{y + 4}">'
        f"{'too small' if row.hollow else f'{row.value:.3g}{unit}'}</text>"
    )


def _vertical(scale: _Scale, tick: float, bottom: float, unit: str) -> str:
    x = scale.place(tick)
    return (
        f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{bottom}"/>'
        f'<text class="soft" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}{unit}</text>'
    )


def _horizontal(scale: _Scale, tick: float, unit: str) -> str:
    y = scale.place(tick)
    return (
        f'<line class="rule" x1="70" x2="{_WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="soft" x="62" y="{y + 4:.1f}" text-anchor="end">{tick:g}{unit}</text>'
    )


def _stroke(index: int) -> str:
    """A colour, and from the ninth line on a dash as well."""
    dash = ' stroke-dasharray="6 3"' if index >= _COLOURS else ""
    return f'style="stroke: var(--c{index % _COLOURS})"{dash}'


def _scale(low: float, high: float, first: float, last: float, logarithmic: bool) -> _Scale:
    """From `low` at pixel `first` to `high` at pixel `last`, widened to round numbers."""
    if logarithmic:
        low, high = math.floor(math.log10(max(low, _LEAST))), math.ceil(math.log10(max(high, 10 * _LEAST)))
        ticks = [10.0**power for power in range(int(low), int(high) + 1)]
    else:
        step = _step((high - low) / 5)
        low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        ticks = [round(low + step * index, 10) for index in range(round((high - low) / step) + 1)]

    def place(value: float) -> float:
        along = math.log10(max(value, 10.0**low)) if logarithmic else value
        return first + (last - first) * (along - low) / (high - low or 1)

    return _Scale(place, ticks)


def _step(rough: float) -> float:
    """The round number, 1, 2 or 5 times a power of ten, next above `rough`."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _svg(height: float, words: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}" height="{height:g}" role="img"'
        f' aria-label="{escape(words)}">{"".join(parts)}</svg>'
    )
