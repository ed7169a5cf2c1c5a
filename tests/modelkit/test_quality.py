"""What the converted models are good for, on real photos: a wrong axis or a wrong weight would show here.

The crops are fixed, so the figures are below those of `lookalike evaluate`, which finds and aligns faces first.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chalicelib.config import data_file
from chalicelib.vision.sessions import Sessions

FACE = (73, 72, 177, 176)
"""About where LFW's deep-funneled photos have the face, as dlib's chips show it."""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pixels(
    path: Path, size: int, box: tuple[float, float, float, float] | None = None, mode: str = "RGB"
) -> NDArray[np.uint8]:
    """[C, size, size]."""
    image = Image.open(path).convert(mode).resize((size, size), Image.Resampling.BICUBIC, box)
    return np.asarray(image).reshape(size, size, -1).transpose(2, 0, 1)


def test_embeddings_of_a_person_lie_closer_than_those_of_two(sessions: Sessions, shared_data: Path) -> None:
    lfw = shared_data / "lfw"
    pairs = rows(lfw / "pairs.csv")[::60]
    chips = np.stack([pixels(lfw / pair[side], 150, FACE) for pair in pairs for side in "ab"])
    embeddings = sessions.run("face_embedding", {"input": chips})[0]
    norms = np.linalg.norm(embeddings, axis=1)
    assert 1.2 < norms.min() < norms.max() < 1.7
    distances = np.linalg.norm(embeddings[::2] - embeddings[1::2], axis=1)
    same = np.array([pair["same"] == "1" for pair in pairs])
    assert np.median(distances[same]) < 0.5
    assert np.median(distances[~same]) > 0.65


def test_most_photos_are_classified_right(sessions: Sessions, shared_data: Path) -> None:
    """Top-1 was .876 with the centre crop that the network was made for; these are squeezed."""
    lines = data_file("imagenet.tsv").read_text(encoding="utf-8").splitlines()
    table = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    classes = [row["class"] for row in table]
    photos = rows(shared_data / "imagenet" / "labels.csv")[::2]
    images = [pixels(shared_data / "imagenet" / photo["file"], 224) for photo in photos]
    found = [sessions.run("efficientnet_lite0", {"input": image[None]})[0].argmax() for image in images]
    right = [classes[number] == photo["label"] for number, photo in zip(found, photos, strict=True)]
    assert np.mean(right) > 0.70


def test_happiness_is_told_from_its_absence(sessions: Sessions, shared_data: Path) -> None:
    """The chance that a face which people call smiling is found happier than one that they do not."""
    lfw = shared_data / "lfw"
    photos = rows(lfw / "smile.csv")[::8]
    gray = np.stack([pixels(lfw / photo["file"], 64, (70, 70, 180, 180), "L") for photo in photos])
    happy = sessions.run("expressions", {"input": gray})[0][:, 3]
    smiling = np.array([photo["smile"] == "1" for photo in photos])
    assert (happy[smiling][:, None] > happy[~smiling]).mean() > 0.95
