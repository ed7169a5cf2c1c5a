"""How often DetectLabels names what a photo shows, and whether its confidences mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..vision.labels import LEAST_CONFIDENCE
from ..vision.taxonomy import taxonomy
from . import measures
from .running import Call, Progress, each
from .truth import table

_BINS = 10
_WIDTH = 20
"""Characters of the diagram."""


class _Named(NamedTuple):
    """The class labels of one photo, surest first, and the one that is true."""

    names: list[str]
    confidences: list[float]
    truth: str


def run(data: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """All measures on `data`/imagenet, photos of one object each.

    The photos are ImageNet's, and their publisher does not say of which part: those the classifier was trained on
    flatter it (it is stated to be right on 75.1 % of the validation part). Of a photo's labels, those that name a
    class count; what else is in the photo counts as wrong.
    """
    photos = _photos(data / "imagenet")
    named = each("ImageNet", lambda photo: _name(photo, call), photos, progress)
    ranks = np.array([one.names.index(one.truth) if one.truth in one.names else len(_CLASSES) for one in named])
    sure = np.array([one.confidences[0] / 100 for one in named])
    return {
        "top_1": measures.share(ranks == 0),
        "top_5": measures.share(ranks < 5),
        "answered": _answered(named),
        **calibration(sure, ranks == 0),
    }


def calibration(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, Any]:
    """How far `confidences`, 0 to 1, are from how often they are right.

    `expected_calibration_error` after Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", 2015: the mean gap of the bins by their size. `reliability` holds a bin's cases, mean confidence and
    share that is right; `diagram` draws the share as a bar and the confidence as a mark.
    """
    bins = np.minimum((confidences * _BINS).astype(int), _BINS - 1)
    reliability: dict[str, dict[str, float]] = {}
    lines, error = [], 0.0
    for index in np.unique(bins):
        inside = bins == index
        meant, shown = float(confidences[inside].mean()), float(right[inside].mean())
        name = f"{index * 100 // _BINS} to {(index + 1) * 100 // _BINS}"
        reliability[name] = {"cases": int(inside.sum()), "confidence": meant, "right": shown}
        error += inside.mean() * abs(meant - shown)
        lines.append(f"{name:>9}  {_bar(meant, shown)}  {shown:4.0%} of {inside.sum()}")
    return {"expected_calibration_error": float(error), "reliability": reliability, "diagram": "\n".join(lines)}


def _bar(meant: float, shown: float) -> str:
    cells = list("█" * round(shown * _WIDTH) + "·" * (_WIDTH - round(shown * _WIDTH)))
    cells[min(int(meant * _WIDTH), _WIDTH - 1)] = "|"
    return "".join(cells)


def _answered(named: Sequence[_Named]) -> dict[str, Any]:
    """What a client sees that asks for nothing in particular: at the default confidence."""
    shown = [
        [name for name, confidence in zip(one.names, one.confidences, strict=True) if confidence >= LEAST_CONFIDENCE]
        for one in named
    ]
    right = np.array([one.truth in names for one, names in zip(named, shown, strict=True)])
    return {"recall": measures.share(right), "precision": measures.rate(int(right.sum()), sum(map(len, shown)))}


def _photos(folder: Path) -> list[tuple[Path, str]]:
    """Each photo and the label of its class."""
    return [(folder / row["file"], taxonomy().lemmas[row["label"]]) for row in table(folder / "labels.csv")]


def _name(photo: tuple[Path, str], call: Call) -> _Named:
    path, truth = photo
    request = {"Image": {"Bytes": path.read_bytes()}, "MinConfidence": 0}
    found: list[Mapping[str, Any]] = call("DetectLabels", request)["Labels"]
    classes = [label for label in found if label["Name"] in _CLASSES]
    return _Named([label["Name"] for label in classes], [label["Confidence"] for label in classes], truth)


_CLASSES = frozenset(taxonomy().imagenet)
