"""Whether faces of some groups of people are mistaken, missed or misjudged more often than those of others.

photos ── look ──> vector, gender, age ──┐
pairs.csv, groups.csv ───────────────────┴──> rates by group, the threshold that each would need, how sure that is

Two kinds of mistake are told apart, as NIST does (Grother et al., "Face Recognition Vendor Test Part 3: Demographic
Effects", 2019): a false match takes two people for one, a false non-match one person for two. Both people of a false
match are of the group, because that is where false matches are: between the groups they are rare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SetupError
from ..vision.embedding import DIMENSIONS
from ..vision.similarity import distance_at, similarity
from . import measures
from .bias_cases import Cases, Look, Looker, Pairs
from .bias_report import BETWEEN, EVERYBODY, Alike, Group, Mean, Report, findings, too_wide
from .measures import Rate
from .running import Progress, each

_GRID = np.concatenate([np.arange(50, 99, 0.5), np.arange(99, 100, 0.02)])
"""Similarities at which the curves are drawn."""
_MOST_ALIKE = 3
"""Pairs of a group that are shown, those most alike though said to be of two people."""


def run(cases: Cases, look: Looker, progress: Progress, *, threshold: float = 80.0, target: float = 1e-3) -> Report:
    """Look at every photo once and compare what the files say of them with what the models do.

    Raises SetupError where no photo can be read.
    """

    def seen(path: str) -> Look | Exception | None:
        try:
            return look(cases.read(path))
        except cases.refusals as error:
            return error

    looks = each("photos", seen, cases.photos, progress)
    if all(isinstance(look, Exception) for look in looks):
        raise SetupError(f"none of {len(looks)} photos can be read: {looks[0]}")
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
        findings=[*findings(groups, threshold, cases.who_is_who)],
    )


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
        readable = inside[self._readable[inside]]
        faceless = measures.share(~self._seen[readable]) if len(readable) else None
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
        shares = {"faceless": faceless, "false_non_match": false_non_match, **told._asdict()}
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
            too_small=[*too_wide(shares), *([] if enough or not false_match else ["false_match", "needed"])],
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
