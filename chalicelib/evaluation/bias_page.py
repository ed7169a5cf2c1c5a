"""A report on bias as one HTML page: no script, nothing fetched, light and dark as the reader's system is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from . import plots
from .bias_report import BETWEEN, EVERYBODY, WIDEST_SHARE, WIDEST_YEARS, Group, Report
from .measures import Rate
from .plots import Bar, Line

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --rule: #d9d9e0; --ground: #fcfcfd; --mark: #0b68cb;
  --c0: #0b68cb; --c1: #c2410c; --c2: #15803d; --c3: #7e22ce; --c4: #a16207; --c5: #be185d;
  --c6: #0f766e; --c7: #475569; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #b0b4ba; --rule: #43484e; --ground: #111113;
  --mark: #70b8ff; --c0: #70b8ff; --c1: #ffa057; --c2: #71d083; --c3: #d19dff; --c4: #f5e147; --c5: #ff8dcc;
  --c6: #0bd8b6; --c7: #b0b4ba; } }
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 64rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .25rem; } p, li { max-width: 44rem; }
.soft, caption { color: var(--soft); } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
th, td { border-bottom: 1px solid var(--rule); padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; }
td small { color: var(--soft); display: block; white-space: nowrap; }
svg { display: block; max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg .rule { stroke: var(--rule); } svg .mark { stroke: var(--mark);
  fill: var(--mark); }
svg .hollow { fill: var(--ground); } svg .aim { stroke: var(--ink); stroke-dasharray: 4 3; } svg .line { fill: none;
  stroke-width: 2; }
"""


def page(report: Report) -> str:
    """The page's HTML."""
    named = [group for group in report.groups if group.name not in (EVERYBODY, BETWEEN)] or list(report.groups)
    sections = [_heading(report), _table(report), _plots(report, named), _alike(report.groups), _reading(report)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Bias report</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>\n{''.join(sections)}\n</body></html>\n"
    )


def _heading(report: Report) -> str:
    findings = "".join(f"<li>{escape(finding)}</li>" for finding in report.findings)
    unreadable = f", of which {len(report.unreadable)} could not be read" if report.unreadable else ""
    return (
        f"<h1>Who is mistaken for whom, by group</h1><p>{report.photos:,} photos{unreadable}. Two photos are taken for"
        f" one person from a similarity of {report.threshold:g}; the false match rate aimed at is {report.target:g}."
        f" Rates carry 95 % intervals.</p><ul>{findings}</ul>"
    )


_COLUMNS = (
    ("faceless", "No face found"),
    ("false_match", "False matches"),
    ("false_non_match", "False non-matches"),
    ("needed", "Threshold needed"),
    ("gender", "Gender right"),
    ("age_error", "Age error, years"),
    ("age_inside", "Age in range"),
)


def columns(report: Report) -> list[tuple[str, str]]:
    """The figures that any group has, with their titles."""
    return [
        (figure, title)
        for figure, title in _COLUMNS
        if any(getattr(group, figure) is not None or figure in group.too_small for group in report.groups)
    ]


def cells(group: Group, figure: str) -> list[str]:
    """A figure of a group in words: the value, its interval where it has one, and whether the group is too small."""
    value = getattr(group, figure)
    small = ["too small"] if figure in group.too_small else []
    if value is None:
        return small
    if figure == "needed":
        return [f"{value:.4g}"]
    if figure == "age_error":
        return [f"{value.value:.1f}", f"{value.low:.1f} to {value.high:.1f}", *small]
    return [percent(value["value"]), interval(value), f"of {value['of']:,}", *small]


def _table(report: Report) -> str:
    head = "".join(f"<th>{title}</th>" for _, title in columns(report))
    rows = "".join(
        f"<tr><th>{escape(group.name)}</th><td>{group.photos or ''}</td>"
        f"{''.join(_cell(cells(group, figure)) for figure, _ in columns(report))}</tr>"
        for group in report.groups
    )
    return f'<div class="wide"><table><tr><th>Group</th><th>Photos</th>{head}</tr>{rows}</table></div>'


def _cell(lines: Sequence[str]) -> str:
    first, *rest = lines or [""]
    return f"<td>{first}{''.join(f'<small>{line}</small>' for line in rest)}</td>"


def percent(share: float) -> str:
    """With two digits that count: 0.052 %, 12 %."""
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.1f} %"


def interval(rate: Rate) -> str:
    """The 95 % interval of a rate."""
    return f"{percent(rate['low'])[:-2]} to {percent(rate['high'])}"


def _plots(report: Report, groups: Sequence[Group]) -> str:
    at = f"at similarity {report.threshold:g}"
    needed = [Bar(group.name, group.needed, group.needed, group.needed) for group in groups if group.needed is not None]
    errors = [
        Bar(group.name, error.value, error.low, error.high, "age_error" in group.too_small)
        for group in groups
        if (error := group.age_error)
    ]
    return "".join(
        (
            _section(
                f"False matches {at}",
                "Of pairs of two people of a group, the share taken for one. The dashed line is the rate aimed at.",
                plots.bars(_rates(groups, "false_match"), logarithmic=True, aim=report.target),
            ),
            _section(
                f"False non-matches {at}",
                "Of pairs of photos of one person, the share taken for two people.",
                plots.bars(_rates(groups, "false_non_match")),
            ),
            _section(
                "The threshold that each group would need",
                f"The similarity at which its false match rate would be {report.target:g}. The dashed line is the one"
                " in use.",
                plots.bars(needed, unit="", aim=report.threshold),
            ),
            _section("False matches by threshold", "", plots.lines(_lines(groups, "false_match"), logarithmic=True)),
            _section("False non-matches by threshold", "", plots.lines(_lines(groups, "false_non_match"))),
            _section("Gender", "How often it is the stated one.", plots.bars(_rates(groups, "gender"))),
            _section("Age", "How far the guess is off on average.", plots.bars(errors, unit=" years")),
            _section("Age range", "How often the stated age lies in it.", plots.bars(_rates(groups, "age_inside"))),
        )
    )


def _rates(groups: Sequence[Group], figure: str) -> list[Bar]:
    """A figure of each group that has it, as shares in percent."""
    found = [(group, getattr(group, figure)) for group in groups]
    return [
        Bar(
            group.name,
            value=100 * rate["value"],
            low=100 * rate["low"],
            high=100 * rate["high"],
            hollow=figure in group.too_small,
        )
        for group, rate in found
        if rate
    ]


def _lines(groups: Sequence[Group], figure: str) -> list[Line]:
    """A figure over the thresholds, of each group that has enough of it; in percent."""
    return [
        Line(group.name, group.curve["threshold"], [100 * value for value in group.curve[figure]])
        for group in groups
        if figure in group.curve and figure not in group.too_small
    ]


def _section(title: str, what: str, plot: str) -> str:
    return f'<h2>{title}</h2><p class="soft">{what}</p><div class="wide">{plot}</div>' if plot else ""


def _alike(groups: Sequence[Group]) -> str:
    rows = "".join(
        f"<tr><td>{escape(group.name)}</td><td>{pair.similarity:.4g}</td><td>{escape(pair.a)}<br>{escape(pair.b)}</td></tr>"
        for group in groups
        if group.name != EVERYBODY
        for pair in group.alike
    )
    head = "<tr><th>Group</th><th>Similarity</th><th>Photos</th></tr>"
    what = "Said to be of two people. If they are of one, the truth is wrong and the false match rate too high."
    return _section("Pairs worth a look", what, f"<table>{head}{rows}</table>" if rows else "")


def _reading(report: Report) -> str:
    unreadable = "".join(f"<li>{escape(photo)}</li>" for photo in report.unreadable)
    return (
        "<h2>How to read this</h2><p>A hollow mark is a group too small to tell: its interval is wider than"
        f" {WIDEST_SHARE:.0%} ({WIDEST_YEARS:g} years), or it has fewer than {math.ceil(3 / report.target):,} pairs of"
        f" two people, of which none might be mistaken though one in {round(1 / report.target):,} is. Pairs that share"
        " photos are no independent cases; the intervals allow for that. Gender is the appearance that the files"
        " state, not a fact about a person.</p>"
        + (f"<h2>Photos that could not be read</h2><ul>{unreadable}</ul>" if unreadable else "")
    )
