"""What the core models make of a folder of face photos, computed once and kept in .lookalike/features."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chalicelib.config import data_file
from chalicelib.evaluation.running import Progress, each
from chalicelib.vision.attributes import AttributeReader, Evidence
from chalicelib.vision.faces import Face, Faces
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions

CACHE = Path(".lookalike") / "features"


@dataclass(frozen=True, slots=True, eq=False)
class Photos:
    """The photos in which a face was found, and the evidence of each: rows belong together."""

    files: NDArray[np.str_]
    evidence: Evidence

    def index(self) -> dict[str, int]:
        """The row of each file."""
        return {str(file): row for row, file in enumerate(self.files)}


def features(data: Path, dataset: str, files: Sequence[str], sessions: Sessions, progress: Progress) -> Photos:
    """The evidence for the largest face of each photo; photos without one are left out.

    Crops are given a black border of a quarter of their size first: detectors want to see around a face.
    """
    kept = CACHE / f"{dataset}-{_key(files)}.npz"
    if not kept.exists():
        faces, reader = Faces(sessions, "centerface"), AttributeReader(sessions)

        def look(file: str) -> Evidence | None:
            picture = _bordered(data / dataset / file)
            found = _middle(faces.detect(picture), picture)
            return reader.evidence(picture, found) if found else None

        looks = each(f"features of {dataset}", look, files, progress)
        found = [(file, evidence) for file, evidence in zip(files, looks, strict=True) if evidence is not None]
        kept.parent.mkdir(parents=True, exist_ok=True)
        columns = {
            name: np.concatenate([getattr(one, name) for _, one in found])
            for name in ("features", "shapes", "expressions")
        }
        np.savez(kept, files=np.array([file for file, _ in found]), **columns)  # type: ignore[arg-type]
    with np.load(kept) as stored:
        return Photos(stored["files"], Evidence(stored["features"], stored["shapes"], stored["expressions"]))


def _middle(faces: Sequence[Face], picture: Picture) -> list[Face]:
    """The face nearest to the middle, where these photos have the one that their truth is about."""

    def off(face: Face) -> float:
        box = face.box
        return float(np.hypot(box.left + box.width / 2 - 0.5, box.top + box.height / 2 - 0.5))

    return sorted((face for face in faces if face.side > 0.15 * picture.width), key=off)[:1]


def _bordered(path: Path) -> Picture:
    picture = decode(path.read_bytes(), smallest=1)
    image = picture.image
    border = image.width // 4, image.height // 4
    canvas = Image.new("RGB", (image.width + 2 * border[0], image.height + 2 * border[1]))
    canvas.paste(image, border)
    return Picture.of(np.asarray(canvas))


def _key(files: Sequence[str]) -> str:
    """Changes with the photos and with the models."""
    models = tomllib.loads(data_file("manifest.toml").read_text())["models"]
    sums = (models[name]["sha256"] for name in ("centerface", "face_mesh", "face_embedding", "expressions"))
    return hashlib.sha256("\n".join([*files, *sums]).encode()).hexdigest()[:12]
