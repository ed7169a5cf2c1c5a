"""What a study of bias found: figures by group, what of them chance leaves, and a sentence on each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .measures import Rate

EVERYBODY = "everybody"
BETWEEN = "between groups"
"""Pairs of people of two groups: they have a false match rate and nothing else."""
WIDEST_SHARE = 0.1
"""Of a share's 95 % interval: a group whose interval is wider is too small for it."""
WIDEST_YEARS = 2.0
"""Of a mean age error's 95 % interval."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of `of` cases with its 95 % interval."""

    value: float
    low: float
    high: float
    of: int


@dataclass(frozen=True, slots=True)
class Alike:
    """Two photos that are said to be of two people. Such pairs are worth a look: the truth may be wrong."""

    similarity: float
    a: str
    b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was measured on one group. None is what the files say nothing about."""

    name: str
    photos: int
    faceless: Rate | None
    false_match: Rate | None
    false_non_match: Rate | None
    needed: float | None
    """The similarity threshold at which the group would have the false match rate that is aimed at."""
    gender: Rate | None
    """How often the gender is the stated one."""
    age_error: Mean | None
    """Years."""
    age_inside: Rate | None
    """How often the stated age lies in AgeRange."""
    too_small: Sequence[str]
    """Names of figures above for which the group is too small."""
    alike: Sequence[Alike]
    curve: Mapping[str, Sequence[float]]
    """`threshold`, and the `false_match` and `false_non_match` rates there, as far as they were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All groups, `EVERYBODY` first and `BETWEEN` last where there are pairs between groups."""

    threshold: float
    """Similarity from which two photos are taken for one person."""
    target: float
    """The false match rate that is aimed at."""
    photos: int
    unreadable: Sequence[str]
    """Photos that could not be looked at, and why."""
    groups: Sequence[Group]
    findings: Sequence[str]
    """In words: where groups differ by more than chance."""


def too_wide(figures: Mapping[str, Rate | Mean | None]) -> Iterator[str]:
    """Of these figures, those whose intervals are too wide to tell."""
    for name, found in figures.items():
        if isinstance(found, Mean):
            if found.high - found.low > WIDEST_YEARS:
                yield name
        elif found and found["high"] - found["low"] > WIDEST_SHARE:
            yield name


_STRANGERS = "no file says who is who: every photo counts as of another person, and two of one person as a false match"
_FINDINGS = {
    "false_match": "false matches at similarity {threshold:g}",
    "false_non_match": "false non-matches at similarity {threshold:g}",
    "gender": "right genders",
    "age_inside": "ages inside the range",
    "faceless": "photos without a face found",
}


def findings(groups: Sequence[Group], threshold: float, who_is_who: bool) -> Iterator[str]:
    """A sentence on each figure: the groups at its two ends, and whether their intervals leave room for chance.

    Groups that are too small for a figure have no say in it.
    """
    if not who_is_who:
        yield _STRANGERS
    named = [group for group in groups if group.name not in (EVERYBODY, BETWEEN)]
    for figure, words in _FINDINGS.items():
        rates = {group.name: getattr(group, figure) for group in named if figure not in group.too_small}
        measured = sorted(((rate["value"], name) for name, rate in rates.items() if rate), reverse=True)
        if len(measured) < 2:
            continue
        (most, most_name), (least, least_name) = measured[0], measured[-1]
        what = words.format(threshold=threshold)
        if rates[most_name]["low"] > rates[least_name]["high"]:
            yield f"{what}: most in {most_name} ({most:.2%}), least in {least_name} ({least:.2%}), more than chance"
        else:
            yield f"{what}: no difference between groups that chance would not explain"
