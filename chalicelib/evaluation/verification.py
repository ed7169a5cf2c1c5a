"""Photos compared with each other: every one is indexed once, then searched for among the others."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .running import Call, Progress, each


@dataclass(frozen=True)
class Compared:
    """Photos and how similar each is to each other."""

    names: list[str]
    faceless: int
    scores: NDArray[np.float32]
    """[n, n]: of the faces nearest to the photos' middles, which are those that LFW's names belong to."""

    def of(self, pairs: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
        """The similarities of pairs of photos a, b; 0 where no face was found."""
        place = {name: index for index, name in enumerate(self.names)}
        return np.array([self.scores[place[row["a"]], place[row["b"]]] for row in pairs], dtype=np.float64)


@dataclass(frozen=True)
class Study:
    """Photos of a folder, put through IndexFaces and SearchFaces."""

    folder: Path
    call: Call
    progress: Progress

    def compare(self, names: list[str], label: str) -> Compared:
        """Every photo against every other, in a collection of their own."""
        with self.collection() as collection:
            faces = self.index(names, collection, f"{label}, index")
            places = {face: place for place, face in enumerate(faces)}

            def search(face: str | None) -> NDArray[np.float32]:
                row = np.zeros(len(names), dtype=np.float32)
                if face:
                    request = {"CollectionId": collection, "FaceId": face, "FaceMatchThreshold": 0, "MaxFaces": 4096}
                    for match in self.call("SearchFaces", request)["FaceMatches"]:
                        if (place := places.get(match["Face"]["FaceId"])) is not None:
                            row[place] = match["Similarity"]
                return row

            scores = each(f"{label}, search", search, faces, self.progress)
        return Compared(names, faces.count(None), np.array(scores))

    def index(self, names: Sequence[str], collection: str, label: str) -> list[str | None]:
        """The FaceId of the face nearest to each photo's middle, None where no face was found."""

        def index(name: str) -> str | None:
            image = {"Bytes": (self.folder / name).read_bytes()}
            answer = self.call("IndexFaces", {"CollectionId": collection, "Image": image, "QualityFilter": "NONE"})
            faces = [record["Face"] for record in answer["FaceRecords"]]
            return str(min(faces, key=off_centre)["FaceId"]) if faces else None

        return each(label, index, names, self.progress)

    @contextmanager
    def collection(self) -> Iterator[str]:
        """A new collection, deleted in the end."""
        name = f"evaluation-{uuid.uuid4()}"
        self.call("CreateCollection", {"CollectionId": name})
        try:
            yield name
        finally:
            self.call("DeleteCollection", {"CollectionId": name})


def off_centre(face: Mapping[str, Any]) -> float:
    """How far the middle of a face, as AWS answers it, lies from the photo's, in ratios."""
    box = face["BoundingBox"]
    return float(np.hypot(box["Left"] + box["Width"] / 2 - 0.5, box["Top"] + box["Height"] / 2 - 0.5))
