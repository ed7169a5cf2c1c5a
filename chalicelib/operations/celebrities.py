"""RecognizeCelebrities and GetCelebrityInfo, over a gallery that whoever runs this keeps.

The gallery is an ordinary collection, `Settings.celebrities`; indexing a photo into it makes its face known. A face's
ExternalImageId is the name of the person, `Ada_Lovelace` for Ada Lovelace, because AWS allows no spaces there. What
else is known of somebody stands in a TOML file, `Settings.celebrity_facts`:

    [Ada_Lovelace]
    name = "Ada Lovelace, Countess"        # instead of the ExternalImageId with its underscores as spaces
    urls = ["www.wikidata.org/wiki/Q7259"]
    gender = "Female"                      # or Male, Nonbinary, Unlisted
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from ..errors import ResourceNotFoundException, SetupError
from ..search import Match
from ..vision.faces import Face, similarity
from ..vision.picture import Picture
from . import policy
from .details import face_details
from .searching import face_log, nearest

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import GetCelebrityInfoRequestTypeDef, RecognizeCelebritiesRequestTypeDef

    from ..backend import Backend
    from ..store.logs import Log

MOST_FACES = 64
"""Of one picture (AWS)."""
LEAST_CONFIDENCE = 90.0
"""Similarity from which somebody is recognised.

On LFW, with a gallery of three photos each of 100 people: 94 % of their other photos are given the right name, none a
wrong one, and 1.6 % of strangers' photos are given a name. At 80 these are 98, .4 and 11 %.
"""
_CANDIDATES = 100
"""Faces of the gallery that are looked at for one that has a name."""


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the user's file says of one person."""

    name: str = ""
    """As it is shown; empty for what the ExternalImageId says."""
    urls: Annotated[list[str], msgspec.Meta(max_length=255)] = []
    gender: Literal["Male", "Female", "Nonbinary", "Unlisted"] = "Unlisted"


def recognize_celebrities(request: RecognizeCelebritiesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """The 64 largest faces, largest first: those that the gallery knows by name, and the others."""
    picture = backend.picture(request["Image"])
    faces = backend.faces.detect(picture, MOST_FACES)
    details = face_details(picture, faces, ("SMILE", "EMOTIONS"), backend)
    found = matches(picture, faces, backend)
    return {
        "CelebrityFaces": [
            {
                **celebrity(match.payload.external_id, backend),
                "Id": celebrity_id(match.payload.external_id),
                "Face": detail,
                "MatchConfidence": similarity(match.distance),
            }
            for match, detail in zip(found, details, strict=True)
            if match is not None
        ],
        "UnrecognizedFaces": [detail for match, detail in zip(found, details, strict=True) if match is None],
    }


def get_celebrity_info(request: GetCelebrityInfoRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """What is known of somebody in the gallery; raises ResourceNotFoundException for anybody else."""
    gallery = _gallery(backend)
    faces = backend.search.index(gallery).payloads() if gallery is not None else []
    for external_id in dict.fromkeys(face.external_id for face in faces if face.external_id):
        if celebrity_id(external_id) == request["Id"]:
            return celebrity(external_id, backend)
    raise ResourceNotFoundException(f"The celebrity id: {request['Id']} does not exist")


def celebrity_id(external_id: str) -> str:
    """The Id of whoever has this ExternalImageId: the same everywhere and for ever."""
    return hashlib.sha256(external_id.encode()).hexdigest()[:16]


def known_facts(path: Path | None) -> Mapping[str, Facts]:
    """The facts by ExternalImageId, of a TOML file; raises SetupError for one that cannot be read."""
    if path is None:
        return {}
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except (OSError, msgspec.DecodeError) as error:
        raise SetupError(f"the facts about celebrities in {path} cannot be read: {error}") from error


@lru_cache(maxsize=8)  # parsing 1,000 people takes 20 ms, and most requests come between two changes
def _parsed(path: Path, _changed: int) -> Mapping[str, Facts]:
    return msgspec.toml.decode(path.read_bytes(), type=dict[str, Facts])


def celebrity(external_id: str, backend: Backend) -> dict[str, Any]:
    """The members that both operations have. A gender that nobody stated is Unlisted (unconfirmed)."""
    facts = known_facts(backend.settings.celebrity_facts).get(external_id, Facts())
    return {
        "Name": facts.name or external_id.replace("_", " "),
        "Urls": facts.urls,
        "KnownGender": {"Type": facts.gender},
    }


def matches(picture: Picture, faces: Sequence[Face], backend: Backend) -> list[Match | None]:
    """For each face the one of the gallery nearest to it that has a name, if it is near enough."""
    gallery = _gallery(backend)
    if gallery is None:
        return [None] * len(faces)
    searches = (
        nearest(one, gallery, _CANDIDATES, LEAST_CONFIDENCE, backend) for one in backend.faces.embed(picture, faces)
    )
    return [next((match for match in found if match.payload.external_id), None) for found in searches]


def _gallery(backend: Backend) -> Log | None:
    """The faces of the gallery; None while there is no such collection."""
    try:
        return face_log(policy.collection(backend.settings.celebrities, backend), backend)
    except ResourceNotFoundException:
        return None
