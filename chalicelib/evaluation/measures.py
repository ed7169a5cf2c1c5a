"""Statistics that the evaluations share. Scores are higher for a match; rates carry 95 % intervals."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Rate(TypedDict):
    """A share of `of` cases, with its 95 % interval."""

    value: float
    low: float
    high: float
    hits: int
    of: int


def rate(hits: int, of: int) -> Rate:
    """`hits` out of `of` with Wilson's score interval, which holds for small counts and for rates near 0 and 1.

    Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if not of:
        return {"value": float("nan"), "low": 0.0, "high": 1.0, "hits": 0, "of": 0}
    low, high = _wilson(hits / of, of)
    return {"value": hits / of, "low": low, "high": high, "hits": int(hits), "of": int(of)}


def pair_rate(hits: Flags, a: NDArray[np.int64], b: NDArray[np.int64]) -> Rate:
    """A share of pairs [a, b] that have members in common: n photos make n (n - 1) / 2 pairs, and far fewer cases.

    Wilson's interval for as many independent cases as would vary as much (Kish's
    effective sample size), the variance being that of dyadic clusters: Aronow, Samii and Assenova, "Cluster-robust
    variance estimation for dyadic data", 2015. Where nothing hits, nothing varies, and all pairs count.
    """
    found = share(hits)
    error = hits - found["value"]
    by_member = np.bincount(np.concatenate([a, b]), np.concatenate([error, error]))
    variance = (np.sum(by_member**2) - np.sum(error**2)) / len(hits) ** 2
    simple = found["value"] * (1 - found["value"])
    effective = min(len(hits), simple / variance) if variance > 0 else len(hits)
    low, high = _wilson(found["value"], max(effective, 1.0))
    return {**found, "low": low, "high": high}


def _wilson(share: float, of: float) -> tuple[float, float]:
    z = 1.959964
    centre = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return float(centre - reach) if share > 0 else 0.0, float(centre + reach) if share < 1 else 1.0


def share(flags: Flags) -> Rate:
    """How many of `flags` hold."""
    return rate(int(np.count_nonzero(flags)), flags.size)


def best_threshold(scores: Scores, same: Flags) -> float:
    """The score at or above which "same" is right most often: the middle of the best gap between scores."""
    order = np.argsort(scores)
    ranked = scores[order]
    genuine = same[order]
    # Cutting before rank i: the genuine from i on and the others before i are right.
    right = np.concatenate([[0], np.cumsum(~genuine)]) + np.concatenate([np.cumsum(genuine[::-1])[::-1], [0]])
    edges = np.concatenate([[ranked[0] - 1], (ranked[1:] + ranked[:-1]) / 2, [ranked[-1] + 1]])
    cuttable = np.concatenate([[True], ranked[1:] > ranked[:-1], [True]])
    return float(edges[np.argmax(np.where(cuttable, right, -1))])


def cross_validated(scores: Scores, same: Flags, folds: NDArray[np.int64]) -> Rate:
    """Accuracy over all folds, each judged at the threshold that is best on the others (LFW's protocol)."""
    right = np.zeros(len(scores), dtype=bool)
    for fold in np.unique(folds):
        inside = folds == fold
        threshold = best_threshold(scores[~inside], same[~inside])
        right[inside] = (scores[inside] >= threshold) == same[inside]
    return share(right)


def equal_error_rate(scores: Scores, same: Flags) -> float:
    """The rate at which false matches and false non-matches are equally frequent."""
    thresholds = np.unique(scores)
    genuine, others = np.sort(scores[same]), np.sort(scores[~same])
    missed = np.searchsorted(genuine, thresholds) / len(genuine)
    matched = 1 - np.searchsorted(others, thresholds) / len(others)
    nearest = np.argmin(np.abs(missed - matched))
    return float((missed[nearest] + matched[nearest]) / 2)


def true_match_rate(scores: Scores, same: Flags, false_match_rate: float) -> Rate:
    """The share of true pairs above the lowest threshold that lets no more than `false_match_rate` of the others by."""
    others = np.sort(scores[~same])[::-1]
    allowed = int(false_match_rate * len(others))
    threshold = others[allowed] if allowed < len(others) else -np.inf
    return share(scores[same] > threshold)


def area_under_curve(scores: Scores, same: Flags) -> float:
    """The chance that a true case scores above another; ties count half (Mann and Whitney)."""
    ranks = np.searchsorted(np.sort(scores), scores, "left") + np.searchsorted(np.sort(scores), scores, "right")
    positives = int(np.count_nonzero(same))
    negatives = same.size - positives
    excess = (ranks[same].sum() + positives) / 2 - positives * (positives + 1) / 2
    return float(excess / (positives * negatives))
