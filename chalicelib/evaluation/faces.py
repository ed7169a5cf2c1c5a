"""How well faces are found, placed and told apart, through the operations that users call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..vision.picture import decode
from . import measures
from .running import Call, Progress, each
from .truth import table
from .verification import Compared, Study

CALIBRATION_FOLDS = (0, 1, 2)
"""LFW's people on whom `vision.similarity` was calibrated; it is judged on the others."""
_NO_PAIR = -1
_THRESHOLDS = (80, 90, 95, 99)
_SMALLEST = (16, 24, 32)  # pixels of a WIDER face's smaller side in its source
_FIVE = ("eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight")


def run(data: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """All measures on the photos under `data`, as plain values.

    `call` runs an operation of a throw-away backend. Rates are `measures.Rate`s, errors are in eye
    distances, thresholds are similarities.
    """
    lfw = _lfw(data / "lfw", call, progress)
    return {
        "lfw": lfw,
        "deepface": _deepface(data / "deepface_pairs", call, progress, lfw["threshold"]),
        "wider": _wider(data / "wider", call, progress),
        "landmarks": _landmarks(data / "lfw_landmarks", call, progress),
    }


def _lfw(folder: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """The 3,000 pairs in five folds, and all pairs of photos of the people who calibrated nothing."""
    pairs = table(folder / "pairs.csv")
    folds = {_person(row[side]): int(row["fold"]) for row in pairs for side in "ab"}
    photos: dict[int, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("images/*/*.jpg")):
        name = path.relative_to(folder).as_posix()
        photos[folds.get(_person(name), _NO_PAIR)].append(name)
    unpaired = photos.pop(_NO_PAIR, [])
    study = Study(folder, call, progress)
    with study.collection() as collection:
        found_unpaired = study.index(unpaired, collection, "LFW, people of no pair")
    compared = {fold: study.compare(names, f"LFW fold {fold}") for fold, names in sorted(photos.items())}
    judged = [(fold, [row for row in pairs if int(row["fold"]) == fold]) for fold in compared]
    found = np.concatenate([compared[fold].of(rows) for fold, rows in judged])
    same = np.array([row["same"] == "1" for _, rows in judged for row in rows])
    fold_of = np.array([fold for fold, rows in judged for _ in rows])
    return {
        "accuracy": measures.cross_validated(found, same, fold_of),
        "equal_error_rate": measures.equal_error_rate(found, same),
        "true_match_rate_at_1e-3": measures.true_match_rate(found, same, 1e-3),
        "threshold": measures.best_threshold(found, same),
        "faceless": measures.rate(
            found_unpaired.count(None) + sum(fold.faceless for fold in compared.values()),
            len(unpaired) + sum(map(len, photos.values())),
        ),
        "calibration": _calibration([each for fold, each in compared.items() if fold not in CALIBRATION_FOLDS]),
    }


def _calibration(compared: Iterable[Compared]) -> dict[str, Any]:
    """False and true match rates at similarity thresholds, over all pairs of photos of each fold."""
    scores, same = [], []
    for fold in compared:
        people = np.array([_person(name) for name in fold.names])
        above = np.triu_indices(len(people), 1)
        scores.append(fold.scores[above])
        same.append(people[above[0]] == people[above[1]])
    values, genuine = np.concatenate(scores), np.concatenate(same)
    return {
        str(threshold): {
            "false_match_rate": measures.share(values[~genuine] >= threshold),
            "true_match_rate": measures.share(values[genuine] >= threshold),
        }
        for threshold in _THRESHOLDS
    }


def _deepface(folder: Path, call: Call, progress: Progress, threshold: float) -> dict[str, Any]:
    """The pairs judged at `threshold`, which other photos gave."""
    pairs = table(folder / "pairs.csv")
    names = sorted({row[side] for row in pairs for side in "ab"})
    found = Study(folder, call, progress).compare(names, "deepface pairs").of(pairs)
    return {"accuracy": measures.share((found >= threshold) == np.array([row["same"] == "1" for row in pairs]))}


def _person(name: str) -> str:
    return Path(name).parent.name


@dataclass(frozen=True)
class _Found:
    """What DetectFaces answered, in pixels, largest face first."""

    boxes: NDArray[np.float64]
    """[n, 4]: left, top, right, bottom."""
    points: NDArray[np.float64]
    """[n, 5, 2], in the order of `_FIVE`."""


def _wider(folder: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """The share of labelled faces that a box covers by half and more, by the least size counted."""
    truths: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in table(folder / "boxes.csv"):
        truths[row["file"]].append(row)
    answers = each("WIDER scenes", partial(_detect, folder, call), list(truths), progress)
    sizes, hits = [], []
    for rows, answer in zip(truths.values(), answers, strict=True):
        boxes = np.array([[float(row[side]) for side in ("x1", "y1", "x2", "y2")] for row in rows])
        sizes += [float(row["min_side_px_in_416_source"]) for row in rows]
        hits += _matched(boxes, answer).tolist()
    size, hit = np.array(sizes), np.array(hits)
    return {"recall": {str(least): measures.share(hit[size >= least]) for least in _SMALLEST}}


def _matched(truth: NDArray[np.float64], found: _Found) -> NDArray[np.bool_]:
    """Which boxes [n, 4] of the truth have a box of their own at an overlap (IoU) of .5."""
    hit = np.zeros(len(truth), dtype=bool)
    for box in found.boxes:
        near = np.maximum(truth[:, :2], box[:2])
        far = np.minimum(truth[:, 2:], box[2:])
        shared = (far - near).clip(0).prod(1)
        union = (truth[:, 2:] - truth[:, :2]).prod(1) + (box[2:] - box[:2]).prod() - shared
        overlap = np.where(hit, 0, shared / union)
        if overlap.max() >= 0.5:
            hit[overlap.argmax()] = True
    return hit


def _landmarks(folder: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """Eyes, nose and corners of the mouth against people's clicks, in distances between the eyes."""
    rows = table(folder / "landmarks.csv")
    answers = each("LFW landmarks", partial(_detect, folder, call), [row["file"] for row in rows], progress)
    errors = []
    for row, found in zip(rows, answers, strict=True):
        if len(found.points):
            names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
            truth = np.array([[float(row[f"{name}_{axis}"]) for axis in "xy"] for name in names])
            away = np.linalg.norm(found.points - truth, axis=2)
            clicked = away[away.mean(1).argmin()]  # a bystander may be larger
            errors.append(clicked / np.linalg.norm(truth[1] - truth[0]))
    by_point = np.array(errors)
    return {
        "mean_error": float(by_point.mean()),
        "by_point": dict(zip(_FIVE, by_point.mean(0).tolist(), strict=True)),
        "off_by_a_tenth": measures.share(by_point.mean(1) > 0.1),
        "faceless": measures.rate(len(rows) - len(errors), len(rows)),
    }


def _detect(folder: Path, call: Call, name: str) -> _Found:
    data = (folder / name).read_bytes()
    picture = decode(data)
    size = np.array([picture.width, picture.height], dtype=np.float64)
    details = call("DetectFaces", {"Image": {"Bytes": data}})["FaceDetails"]
    corners, points = [], []
    for detail in details:
        box, marks = detail["BoundingBox"], {mark["Type"]: (mark["X"], mark["Y"]) for mark in detail["Landmarks"]}
        near, extent = np.array([box["Left"], box["Top"]]), np.array([box["Width"], box["Height"]])
        corners.append(np.concatenate([near * size, (near + extent) * size]))
        points.append(np.array([marks[name] for name in _FIVE]) * size)
    return _Found(np.array(corners).reshape(-1, 4), np.array(points).reshape(-1, 5, 2))
