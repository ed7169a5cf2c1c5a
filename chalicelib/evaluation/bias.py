"""Whether faces of some groups of people are mistaken, missed or misjudged more often than those of others.

photos ── look ──> vector, gender, age ──┐
pairs.csv, groups.csv ───────────────────┴──> rates by group, the threshold that each would need, how sure that is

Two kinds of mistake are told apart, as NIST does (Grother et al., "Face Recognition Vendor Test Part 3: Demographic
Effects", 2019): a false match takes two people for one, a false non-match one person for two. Both people of a false
match are of the group, because that is where false matches are: between the groups they are rare.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..vision.embedding import DIMENSIONS
from ..vision.similarity import distance_at, similarity
from . import measures
from .bias_cases import Cases, Look, Looker, Pairs
from .measures import Rate
from .running import Progress, each

EVERYBODY = "everybody"
BETWEEN = "between groups"
"""Pairs of people of two groups: they have a false match rate and nothing else."""
WIDEST_SHARE = 0.1
"""Of a share's 95 % interval: a group whose interval is wider is too small for it."""
WIDEST_YEARS = 2.0
"""Of a mean age error's 95 % interval."""
_GRID = np.concatenate([np.arange(50, 99, 0.5), np.arange(99, 100, 0.02)])
"""Similarities at which the curves are drawn."""
_MOST_ALIKE = 3
"""Pairs of a group that are shown, those most alike though said to be of two people."""


class Mean(NamedTuple):
    """A mean of `of` cases with its 95 % interval."""

    value: float
    low: float
    high: float
    of: int


class Alike(NamedTuple):
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


def run(cases: Cases, look: Looker, progress: Progress, *, threshold: float = 80.0, target: float = 1e-3) -> Report:
    """Look at every photo once and compare what the files say of them with what the models do."""

    def seen(path: str) -> Look | Exception | None:
        try:
            return look(cases.read(path))
        except cases.refusals as error:
            return error

    looks = each("photos", seen, cases.photos, progress)
    study = _Study(cases, looks, threshold, target)
    groups = [study.group(name) for name in (EVERYBODY, *cases.names)]
    if between := study.between():
        groups.append(between)
    return Report(
        threshold=threshold,
        target=target,
        photos=len(cases.photos),
        unreadable=[
            f"{path}: {error}" for path, error in zip(cases.photos, looks, strict=True) if isinstance(error, Exception)
        ],
        groups=groups,
        findings=[*([] if cases.who_is_who else [_STRANGERS]), *findings(groups, threshold)],
    )


_STRANGERS = "no file says who is who: every photo counts as of another person, and two of one person as a false match"


class _Study:
    """The photos with what was seen in them."""

    def __init__(self, cases: Cases, looks: Sequence[Look | Exception | None], threshold: float, target: float) -> None:
        self._cases = cases
        self._threshold = threshold
        self._target = target
        self._looks = [look if isinstance(look, Look) else None for look in looks]
        self._readable = np.array([not isinstance(look, Exception) for look in looks], dtype=bool)
        self._seen = np.array([look is not None for look in self._looks], dtype=bool)
        self._vectors = np.array([look.vector if look else np.zeros(DIMENSIONS) for look in self._looks])

    def group(self, name: str) -> Group:
        """The figures of one group, or of everybody."""
        inside = self._members(name)
        pairs = self._cases.pairs_within(None if name == EVERYBODY else name)
        faceless = measures.share(~self._seen[inside][self._readable[inside]])
        return self._group(name, len(inside), pairs, faceless, self._attributes(inside))

    def between(self) -> Group | None:
        """The pairs of people of two groups."""
        pairs = self._cases.pairs_between()
        return self._group(BETWEEN, 0, pairs, None, _Attributes()) if len(pairs.a) else None

    def _members(self, name: str) -> NDArray[np.int64]:
        if name == EVERYBODY:
            return np.arange(len(self._cases.photos))
        return np.flatnonzero(np.array(self._cases.groups) == name)

    def _group(self, name: str, photos: int, pairs: Pairs, faceless: Rate | None, told: _Attributes) -> Group:
        pairs = pairs.only(self._seen[pairs.a] & self._seen[pairs.b])
        distances = self._distances(pairs)
        genuine, impostor = distances[pairs.same], distances[~pairs.same]
        reach = distance_at(self._threshold)
        false_match = _pair_rate(pairs.only(~pairs.same), impostor <= reach)
        false_non_match = _pair_rate(pairs.only(pairs.same), genuine > reach)
        enough = len(impostor) >= 3 / self._target
        shares = {
            "faceless": faceless,
            "false_non_match": false_non_match,
            "gender": told.gender,
            "age_inside": told.age_inside,
        }
        small = [name for name, rate in shares.items() if rate and rate["high"] - rate["low"] > WIDEST_SHARE]
        if told.age_error and told.age_error.high - told.age_error.low > WIDEST_YEARS:
            small.append("age_error")
        if false_match and not enough:
            small += ["false_match", "needed"]
        return Group(
            name=name,
            photos=photos,
            faceless=faceless,
            false_match=false_match,
            false_non_match=false_non_match,
            needed=_needed(impostor, self._target) if enough else None,
            gender=told.gender,
            age_error=told.age_error,
            age_inside=told.age_inside,
            too_small=small,
            alike=self._alike(pairs.only(~pairs.same), impostor),
            curve=_curve(genuine, impostor),
        )

    def _distances(self, pairs: Pairs) -> NDArray[np.float64]:
        """Euclidean, some pairs at a time."""
        found = np.empty(len(pairs.a))
        for start in range(0, len(found), 1 << 16):
            some = slice(start, start + (1 << 16))
            found[some] = np.linalg.norm(self._vectors[pairs.a[some]] - self._vectors[pairs.b[some]], axis=1)
        return found

    def _alike(self, pairs: Pairs, distances: NDArray[np.float64]) -> list[Alike]:
        photos = self._cases.photos
        nearest = np.argsort(distances, kind="stable")[:_MOST_ALIKE]
        return [Alike(similarity(float(distances[at])), photos[pairs.a[at]], photos[pairs.b[at]]) for at in nearest]

    def _attributes(self, inside: NDArray[np.int64]) -> _Attributes:
        genders, errors, within = [], [], []
        for place in inside.tolist():
            look, gender, age = self._looks[place], self._cases.genders[place], self._cases.ages[place]
            if look is not None and gender:
                genders.append(look.gender == gender)
            if look is not None and age is not None:
                errors.append(abs(look.age - age))
                within.append(look.low <= age <= look.high)
        return _Attributes(
            measures.share(np.array(genders)) if genders else None,
            _mean(np.array(errors)) if errors else None,
            measures.share(np.array(within)) if within else None,
        )


class _Attributes(NamedTuple):
    gender: Rate | None = None
    age_error: Mean | None = None
    age_inside: Rate | None = None


def _pair_rate(pairs: Pairs, hit: NDArray[np.bool_]) -> Rate | None:
    return measures.pair_rate(hit, pairs.a, pairs.b) if len(hit) else None


def _needed(impostor: NDArray[np.float64], target: float) -> float:
    """The similarity above which no more than `target` of the pairs are."""
    return similarity(float(np.sort(impostor)[int(target * len(impostor))]))


def _mean(values: NDArray[np.float64]) -> Mean:
    mean = float(values.mean())
    reach = 1.959964 * float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else math.inf
    return Mean(mean, mean - reach, mean + reach, len(values))


def _curve(genuine: NDArray[np.float64], impostor: NDArray[np.float64]) -> dict[str, list[float]]:
    reaches = np.array([distance_at(threshold) for threshold in _GRID])
    curve = {"threshold": _GRID.round(2).tolist()}
    if len(impostor):
        curve["false_match"] = (np.searchsorted(np.sort(impostor), reaches, "right") / len(impostor)).tolist()
    if len(genuine):
        curve["false_non_match"] = (1 - np.searchsorted(np.sort(genuine), reaches, "right") / len(genuine)).tolist()
    return curve


_FINDINGS = {
    "false_match": "false matches at similarity {threshold:g}",
    "false_non_match": "false non-matches at similarity {threshold:g}",
    "gender": "right genders",
    "age_inside": "ages inside the range",
    "faceless": "photos without a face found",
}


def findings(groups: Sequence[Group], threshold: float) -> Iterator[str]:
    """A sentence on each figure: the groups at its two ends, and whether their intervals leave room for chance.

    Groups that are too small for a figure have no say in it.
    """
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
