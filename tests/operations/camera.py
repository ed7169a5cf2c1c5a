"""Photos of people that exist for these tests only, and what the face models would see in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import count

import numpy as np
from botocore.session import get_session
from numpy.typing import NDArray
from PIL import Image

from chalicelib.vision.faces import Face
from chalicelib.vision.geometry import Box, Point
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.pose import Pose
from chalicelib.vision.quality import Quality

_LANDMARKS = get_session().get_service_model("rekognition").shape_for("LandmarkType").enum


@dataclass(frozen=True)
class Person:
    """Someone in a photo."""

    name: str
    likeness: float = 0.0
    """Distance of this face's vector from the person's own."""
    sharpness: float = 90.0
    size: float = 0.2
    """Of the photo's width and height."""


class Camera:
    """Takes photos, and stands in for the face models that look at them."""

    def __init__(self) -> None:
        self._scenes: dict[bytes, list[Person]] = {}
        self._number = count()

    def photo(self, *people: Person | str) -> bytes:
        """A PNG unlike any other, with these people, from left to right."""
        out = BytesIO()
        Image.new("RGB", (200, 200), (next(self._number), 0, 0)).save(out, "PNG")
        scene = [Person(one) if isinstance(one, str) else one for one in people]
        self._scenes[decode(out.getvalue()).digest] = scene
        return out.getvalue()

    def detect(self, picture: Picture, limit: int = 100) -> list[Face]:
        faces = [_face(person, at) for at, person in enumerate(self._scenes[picture.digest])]
        return sorted(faces, key=lambda face: -face.box.area)[:limit]

    def embed(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.float32]:
        scene = self._scenes[picture.digest]
        vectors = [_vector(scene[round(face.box.left * 100)]) for face in faces]
        return np.array(vectors, np.float32).reshape(-1, 128)


def _face(person: Person, at: int) -> Face:
    return Face(
        box=Box(at / 100, 0.1, person.size, person.size),
        confidence=99.0,
        landmarks=dict.fromkeys(_LANDMARKS, Point(0.5, 0.5)),
        pose=Pose(0.0, 0.0, 0.0),
        quality=Quality(80.0, person.sharpness),
        mesh=np.zeros((478, 3)),
        presence=1.0,
        side=200 * person.size,
    )


def _vector(person: Person) -> NDArray[np.float64]:
    """People are far apart, likenesses of one of them lie around it."""
    own = np.random.default_rng([ord(letter) for letter in person.name]).normal(size=128)
    other = np.random.default_rng([ord(letter) for letter in f"{person.name}{person.likeness}"]).normal(size=128)
    vector: NDArray[np.float64] = own / np.linalg.norm(own) + person.likeness * other / np.linalg.norm(other)
    return vector
