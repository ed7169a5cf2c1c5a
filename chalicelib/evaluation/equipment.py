"""How well masks and hard hats are seen, on photos that the heads were not trained on."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..errors import InvalidParameterException
from . import measures
from .running import Call, Progress, each
from .truth import table

_HEAD_HEIGHT = 0.3
"""Of a person's box from its top: where the head is looked for."""


class Seen(NamedTuple):
    """One true face or head, and what was answered of it."""

    covered: bool
    answer: bool | None
    """Whether it is said to be covered; None where nobody was found there."""


def held_out(file: str) -> bool:
    """Whether a photo is kept from training: half of them, by the hash of the file's name."""
    return hashlib.sha256(Path(file).name.encode()).digest()[0] % 2 == 1


def run(data: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """Masks on `data`/mask, hard hats on `data`/ppe: the held-out halves, through DetectProtectiveEquipment."""
    masks = [
        (data / "mask" / row["file"], row["mask"] == "1")
        for row in table(data / "mask" / "labels.csv")
        if held_out(row["file"])
    ]
    heads: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in table(data / "ppe" / "boxes.csv"):
        if row["label"] in ("helmet", "no_helmet") and held_out(row["file"]):
            heads[row["file"]].append(row)
    workers = [(data / "ppe" / file, rows) for file, rows in sorted(heads.items())]
    faces = each("masks", lambda photo: _face(*photo, call), masks, progress)
    helmets = each("hard hats", lambda photo: _heads(*photo, call), workers, progress)
    return {
        "masks": judged([face for face in faces if face is not None]),
        "hard_hats": judged([head for photo in helmets for head in photo]),
    }


def judged(seen: Sequence[Seen]) -> dict[str, measures.Rate]:
    """How many were found, how many of those were judged rightly, and what became of the covered and the bare."""
    found = [one for one in seen if one.answer is not None]

    def right(some: Sequence[Seen]) -> measures.Rate:
        return measures.share(np.array([one.answer == one.covered for one in some], dtype=bool))

    return {
        "found": measures.rate(len(found), len(seen)),
        "right_of_found": right(found),
        "covered_right_of_found": right([one for one in found if one.covered]),
        "bare_right_of_found": right([one for one in found if not one.covered]),
        "right_of_all": right(seen),
    }


def _face(path: Path, masked: bool, call: Call) -> Seen | None:
    """The largest person's face; None where AWS would refuse so small a photo."""
    try:
        people = call("DetectProtectiveEquipment", {"Image": {"Bytes": path.read_bytes()}})["Persons"]
    except InvalidParameterException:
        return None
    covers = [_covers(person, "FACE") for person in people]
    return Seen(masked, next((cover for cover in covers if cover is not None), None))


def _heads(path: Path, rows: Sequence[Mapping[str, str]], call: Call) -> list[Seen]:
    with Image.open(path) as image:
        width, height = image.size
    people = call("DetectProtectiveEquipment", {"Image": {"Bytes": path.read_bytes()}})["Persons"]
    seen = []
    for row in rows:
        left, top, right, bottom = (float(row[edge]) for edge in ("x1", "y1", "x2", "y2"))
        owner = _owner(people, (left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width)
        seen.append(Seen(row["label"] == "helmet", None if owner is None else _covers(owner, "HEAD")))
    return seen


def _owner(people: Sequence[Mapping[str, Any]], x: float, y: float, width: float) -> Mapping[str, Any] | None:
    """Whose head is at (x, y) and `width` wide: the nearest person whose box begins there, in no other size."""
    near = []
    for person in people:
        box = person["BoundingBox"]
        off = abs(box["Left"] + box["Width"] / 2 - x)
        inside = box["Top"] - width < y < box["Top"] + _HEAD_HEIGHT * box["Height"]
        if off < width and inside and width < box["Width"] < 8 * width:
            near.append((off, person))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _covers(person: Mapping[str, Any], part: str) -> bool | None:
    """Whether the part is covered, None where the person shows no such part."""
    return next((bool(one["EquipmentDetections"]) for one in person["BodyParts"] if one["Name"] == part), None)
