"""The constants of face alignment, pose, confidence and similarity, fitted anew and printed.

    python -m training.face_frames ../shared/data

Prints `embedding._TEMPLATE`, `pose._MEAN_FACE`, the `Calibration`s of the detectors and the distances of
`similarity._KNOTS`. Takes some minutes on two cores; deterministic.
"""

from __future__ import annotations

import csv
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chalicelib.config import packs_folder
from chalicelib.evaluation.faces import CALIBRATION_FOLDS
from chalicelib.vision.alignment import apply, similarity_between
from chalicelib.vision.detector import (
    CENTERFACE,
    YUNET,
    Calibration,
    CenterFace,
    Detections,
    Detector,
    YuNet,
    intersection_over_union,
    viewing_side,
)
from chalicelib.vision.embedding import _TEMPLATE
from chalicelib.vision.faces import Faces
from chalicelib.vision.mesh import FaceMesh
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.pose import _MEAN_FACE
from chalicelib.vision.sessions import Sessions

Floats = NDArray[np.float64]

PHOTOS = 700
"""Of UTKFace, whose people are none of those that the evaluation compares."""
DLIB = np.array([[47.1, 46.8], [103.2, 46.1], [74.0, 78.4], [51.3, 103.7], [98.4, 103.0]])
"""Where dlib's chips have the eyes, the nose and the corners of the mouth (shared by its five points)."""
MIRROR = {33: 263, 133: 362, 98: 327, 61: 291, 70: 300, 105: 334, 107: 336, 127: 356, 234: 454}
MIRROR |= {right: left for left, right in MIRROR.items()}
RATES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def main(data: Path) -> None:
    sessions = Sessions(packs_folder(os.environ))
    meshes, points = _utkface(data / "utkface", sessions)
    print("embedding._TEMPLATE", _printed(list(_TEMPLATE), template(meshes, points), 1))
    print("pose._MEAN_FACE", _printed(list(_MEAN_FACE), mean_face(meshes) * 1000, 0))
    print("detector.CENTERFACE", confidence(CenterFace(sessions, CENTERFACE._replace(least=0.2)), CENTERFACE, data))
    if sessions.available("yunet"):
        print("detector.YUNET", confidence(YuNet(sessions, YUNET._replace(least=0.2)), YUNET, data))
    for rate, distance in distances(data / "lfw", Faces(sessions, "centerface")):
        print(f"similarity._KNOTS: false match rate {rate:g} at {distance:.3f}")


def _utkface(folder: Path, sessions: Sessions) -> tuple[Floats, Floats]:
    """Meshes [n, 478, 3] and the detector's five points [n, 5, 2] of confidently seen faces."""
    photos = sorted(folder.glob("images/**/*.jpg"))
    random.Random(0).shuffle(photos)
    detect, fit = CenterFace(sessions), FaceMesh(sessions)
    meshes, points = [], []
    for photo in photos[:PHOTOS]:
        picture = decode(photo.read_bytes())
        found = Detections(*(part[:1] for part in _found(detect, picture)))
        if len(found.boxes) and found.confidences[0] > 94:
            fitted = fit.fit(picture, found)
            if fitted.presence[0] > 0.9:
                meshes.append(fitted.points[0])
                points.append(found.points[0])
    return np.array(meshes), np.array(points)


def template(meshes: Floats, points: Floats) -> Floats:
    """Where the mesh's points lie in dlib's chips: Procrustes alignment, kept in the chips' frame."""
    chips = np.array(
        [
            apply(similarity_between(five, DLIB), mesh[list(_TEMPLATE), :2])
            for mesh, five in zip(meshes, points, strict=True)
        ]
    )
    frame = np.median(chips, axis=0)
    mean = frame
    for _ in range(5):
        mean = np.mean([apply(similarity_between(chip, mean), chip) for chip in chips], axis=0)
        mean = apply(similarity_between(mean, frame), mean)
    return np.asarray(mean)


def mean_face(meshes: Floats) -> Floats:
    """Rigid points [n, 3] of a symmetric face of unit size whose median pitch over the photos is 0."""
    rigid = list(_MEAN_FACE)
    mirrored = [rigid.index(MIRROR.get(point, point)) for point in rigid]
    faces = meshes[:, rigid] - meshes[:, rigid].mean(1, keepdims=True)
    faces /= np.linalg.norm(faces, axis=(1, 2), keepdims=True)
    mean: Floats = faces[0]
    for _ in range(10):
        mean = np.mean([face @ _turn(face, mean) for face in faces], axis=0)
        mean = (mean + mean[mirrored] * (-1, 1, 1)) / 2
        mean /= np.linalg.norm(mean)
    turns = np.array([_turn(mean, face).T for face in faces])
    tilt = np.median(np.arctan2(turns[:, 2, 1], turns[:, 2, 2]))
    back = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return np.asarray(mean @ back.T)


def _turn(face: Floats, onto: Floats) -> Floats:
    """The rotation R for which face @ R lies nearest to `onto`."""
    left, _, right = np.linalg.svd(face.T @ onto)
    left[:, 2] *= np.sign(np.linalg.det(left @ right))
    turn: Floats = left @ right
    return turn


def confidence(network: Detector, current: Calibration, data: Path) -> Calibration:
    """A logistic regression of "the box meets a true face" on the logit of the score, from scores of .2 up."""
    folder = data / "wider"
    truths = defaultdict(list)
    with (folder / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            truths[row["file"]].append([float(row[side]) for side in ("x1", "y1", "x2", "y2")])
    logits, right = [], []
    for scene, truth in truths.items():
        found = _found(network, decode((folder / scene).read_bytes()))
        odds = np.log(found.confidences / (100 - found.confidences))
        logits.append((odds - current.offset) / current.slope)
        right.append(intersection_over_union(found.boxes, np.array(truth)).max(1) >= 0.4)
    offset, slope = _logistic(np.concatenate(logits), np.concatenate(right))
    return current._replace(offset=round(offset, 2), slope=round(slope, 2))


def _logistic(values: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Offset and slope of greatest likelihood, by Newton's method."""
    inputs = np.column_stack([np.ones_like(values), values])
    weights = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        curve = (inputs * (chance * (1 - chance))[:, None]).T @ inputs
        weights += np.linalg.solve(curve, inputs.T @ (right - chance))
    return float(weights[0]), float(weights[1])


def distances(folder: Path, faces: Faces) -> Iterator[tuple[float, float]]:
    """The distance within which each rate of all pairs of different people of the calibration folds lies."""
    with (folder / "pairs.csv").open() as file:
        people = {
            Path(row[side]).parent.name
            for row in csv.DictReader(file)
            for side in "ab"
            if int(row["fold"]) in CALIBRATION_FOLDS
        }
    vectors, names = [], []
    for photo in sorted(photo for person in people for photo in (folder / "images" / person).glob("*.jpg")):
        picture = decode(photo.read_bytes())
        if found := faces.detect(picture, limit=1):
            vectors.append(_vector(faces, picture, found))
            names.append(photo.parent.name)
    matrix, owners = np.array(vectors), np.array(names)
    squares = np.square(matrix).sum(1)
    above = np.triu_indices(len(matrix), 1)
    apart = np.sqrt((squares[:, None] + squares - 2 * matrix @ matrix.T).clip(0)[above])
    others = np.sort(apart[owners[above[0]] != owners[above[1]]])
    for rate in RATES:
        yield rate, float(others[int(rate * len(others))])


def _found(detector: Detector, picture: Picture) -> Detections:
    return detector.find(picture.image, viewing_side(max(picture.width, picture.height)))


def _vector(faces: Faces, picture: Picture, found: list) -> Floats:  # type: ignore[type-arg]
    (vector,) = faces.embed(picture, found)
    return np.asarray(vector, dtype=np.float64)


def _printed(names: list[int], rows: Floats, digits: int) -> dict[int, tuple[float, ...]]:
    return {name: tuple(np.round(row, digits).tolist()) for name, row in zip(names, rows, strict=True)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
