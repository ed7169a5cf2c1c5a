"""Whether people are identified better by their users than by their faces, through the operations of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InvalidParameterException
from . import measures
from .running import Call, Progress, each
from .verification import Study, off_centre

LEAST_PHOTOS = 4
"""Of a person who is to be identified."""
ENROLLED = 3
"""Photos of each that the collection holds: faces of their own, and together a user."""
PROBES = 3
"""Further photos of each that are searched for, at most: some people have a hundred."""
STRANGERS = 1000
"""Photos of people who are not in the collection, one of each."""
_FALSE_ACCEPT_RATES = (0.01, 0.05, 0.1)


class Probe(NamedTuple):
    """A photo that is searched for."""

    path: Path
    person: str | None
    """Whom it shows; None for a stranger."""


class Answer(NamedTuple):
    """The first match, whoever it is."""

    similarity: float
    person: str | None


def run(data: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """Identification on LFW: who is it, or is it nobody of the collection?

    Rates at equal false-accept rates: each operation has the threshold at which it names that share of the strangers.
    """
    photos = _photos(data / "lfw")
    known = [person for person, paths in photos.items() if len(paths) >= LEAST_PHOTOS]
    probes = [Probe(path, person) for person in known for path in photos[person][ENROLLED : ENROLLED + PROBES]]
    probes += [Probe(paths[0], None) for paths in photos.values() if len(paths) == 1][:STRANGERS]
    with Study(data / "lfw", call, progress).collection() as collection:
        enrolled = [(person, path) for person in known for path in photos[person][:ENROLLED]]
        faces = each("users, index", lambda one: _index(collection, *one, call), enrolled, progress)
        _associate(
            collection, [(who, face) for (who, _), face in zip(enrolled, faces, strict=True) if face], call, progress
        )
        answers = {
            name: each(f"users, {name}", partial(ask, call, collection), probes, progress)
            for name, ask in _SEARCHES.items()
        }
    people = [probe.person for probe in probes]
    return {
        "people": len(known),
        "probes": sum(person is not None for person in people),
        "strangers": sum(person is None for person in people),
        **{name: identified(people, found) for name, found in answers.items()},
    }


def identified(people: Sequence[str | None], answers: Sequence[Answer]) -> dict[str, Any]:
    """The share of people who come first, and of those who do so above the threshold that few strangers reach."""
    score = np.array([answer.similarity for answer in answers])
    stranger = np.array([person is None for person in people])
    right = np.array([person == answer.person for person, answer in zip(people, answers, strict=True)]) & ~stranger
    named = np.sort(score[stranger])[::-1]
    return {
        "comes_first": measures.share(right[~stranger]),
        **{
            f"identified_at_{rate:g}": measures.share((right & (score > named[int(rate * len(named))]))[~stranger])
            for rate in _FALSE_ACCEPT_RATES
        },
    }


def _photos(folder: Path) -> dict[str, list[Path]]:
    photos: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("images/*/*.jpg")):
        photos[path.parent.name].append(path)
    return photos


def _index(collection: str, person: str, path: Path, call: Call) -> str | None:
    """The FaceId of whom the photo is named for; bystanders do not stay."""
    image, named = {"Bytes": path.read_bytes()}, {"CollectionId": collection}
    answer = call("IndexFaces", {**named, "Image": image, "QualityFilter": "NONE", "ExternalImageId": person})
    faces = sorted((record["Face"] for record in answer["FaceRecords"]), key=off_centre)
    if len(faces) > 1:
        call("DeleteFaces", {**named, "FaceIds": [face["FaceId"] for face in faces[1:]]})
    return str(faces[0]["FaceId"]) if faces else None


def _associate(collection: str, faces: Sequence[tuple[str, str]], call: Call, progress: Progress) -> None:
    """A user of each person's faces, however unlike each other they look."""
    of: dict[str, list[str]] = defaultdict(list)
    for person, face in faces:
        of[person].append(face)

    def associate(person: str) -> None:
        named = {"CollectionId": collection, "UserId": person}
        call("CreateUser", named)
        call("AssociateFaces", {**named, "FaceIds": of[person], "UserMatchThreshold": 0})

    each("users, associate", associate, list(of), progress)


def _by_face(call: Call, collection: str, probe: Probe) -> Answer:
    request = {"CollectionId": collection, "FaceMatchThreshold": 0, "MaxFaces": 1}
    try:
        found = call("SearchFacesByImage", {**request, "Image": {"Bytes": probe.path.read_bytes()}})["FaceMatches"]
    except InvalidParameterException:  # no face, which SearchUsersByImage answers with no match
        return _NOBODY
    return Answer(found[0]["Similarity"], found[0]["Face"]["ExternalImageId"]) if found else _NOBODY


def _by_user(call: Call, collection: str, probe: Probe) -> Answer:
    request = {"CollectionId": collection, "UserMatchThreshold": 0, "MaxUsers": 1, "QualityFilter": "NONE"}
    found = call("SearchUsersByImage", {**request, "Image": {"Bytes": probe.path.read_bytes()}})["UserMatches"]
    return Answer(found[0]["Similarity"], found[0]["User"]["UserId"]) if found else _NOBODY


_NOBODY = Answer(0.0, None)
_SEARCHES: Mapping[str, Callable[[Call, str, Probe], Answer]] = {
    "SearchFacesByImage": _by_face,
    "SearchUsersByImage": _by_user,
}
