"""The two files that a study of bias starts from, and how its photos are looked at.

`pairs`: columns a, b (photos) and same (1 for one person, 0 for two).
`groups`: columns file (a photo), group, and where they are known person, gender (female, male) and age (years). The
group may stand in a column of another name. Without `pairs`, the photos of a group are compared with each other; those
of one person are pairs of the same, and where no column says who somebody is, every photo is of somebody else.

Photos are named relative to the folder of the file that names them. Other columns are ignored.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..backend import Vision
from ..errors import ServiceError, SetupError
from ..operations.responses import bounding_box
from ..vision.picture import decode
from .verification import off_centre


class Look(NamedTuple):
    """What the models make of the face of a photo."""

    vector: NDArray[np.float32]
    """[128]"""
    gender: str = ""
    """female or male; empty where attributes are not asked for, likewise what follows."""
    age: float = 0.0
    """Years; the mean guess."""
    low: int = 0
    high: int = 0


Looker = Callable[[bytes], Look | None]
"""Looks at an encoded photo; None where there is no face. Raises ServiceError for what is no photo."""


def looker(vision: Vision, attributes: bool) -> Looker:
    """Looks with the models at the face nearest to a photo's middle, as photos of one person are framed."""

    def look(data: bytes) -> Look | None:
        picture = decode(data)
        found = sorted(
            vision.faces.detect(picture), key=lambda face: off_centre({"BoundingBox": bounding_box(face.box)})
        )[:1]
        if not found:
            return None
        (vector,) = vision.faces.embed(picture, found)
        if not attributes:
            return Look(vector)
        (read,) = vision.attributes.read(picture, found)
        return Look(vector, "male" if read.male.value else "female", read.age, *read.age_range)

    return look


MOST_COMPARED = 3000
"""Photos of a group that are compared each with each, chosen at random: 4.5 million pairs."""

Places = NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs of photos by their places, and whether they show one person."""

    a: Places
    b: Places
    same: NDArray[np.bool_]

    def only(self, which: NDArray[np.bool_]) -> Pairs:
        """Those pairs where `which` ([n]) is true."""
        return Pairs(self.a[which], self.b[which], self.same[which])


@dataclass(frozen=True, slots=True)
class Cases:
    """Photos and what the files say of each; lists of one length."""

    photos: Sequence[str]
    groups: Sequence[str]
    """Empty where no group is stated, likewise person and gender."""
    people: Sequence[str]
    genders: Sequence[str]
    ages: Sequence[float | None]
    pairs: Pairs | None
    refusals: tuple[type[Exception], ...] = (OSError, ServiceError)
    """What reading and looking at a photo may raise that is the photo's fault."""

    @property
    def who_is_who(self) -> bool:
        """Whether the files say which photos show one person."""
        return self.pairs is not None or any(self.people)

    @property
    def judged(self) -> bool:
        """Whether the files say anything that attributes can be compared with."""
        return any(self.genders) or any(age is not None for age in self.ages)

    @property
    def names(self) -> list[str]:
        """The groups, in order."""
        return sorted({group for group in self.groups if group})

    def read(self, photo: str) -> bytes:
        """The encoded photo."""
        return Path(photo).read_bytes()

    def pairs_within(self, group: str | None) -> Pairs:
        """The pairs whose photos are both of `group`; those of all groups together for None."""
        if self.pairs is not None:
            if group is None:
                return self.pairs
            inside = np.array([one == group for one in self.groups], dtype=bool)
            return self.pairs.only(inside[self.pairs.a] & inside[self.pairs.b])
        if group is None:
            return Pairs(*(np.concatenate(parts) for parts in zip(*map(self.pairs_within, self.names), strict=True)))
        return self._each_with_each([place for place, one in enumerate(self.groups) if one == group])

    def pairs_between(self) -> Pairs:
        """The stated pairs of photos of two groups."""
        if self.pairs is None:
            return Pairs(*(np.zeros(0, dtype=np.int64),) * 2, np.zeros(0, dtype=bool))
        groups = np.array(self.groups)
        a, b = groups[self.pairs.a], groups[self.pairs.b]
        return self.pairs.only((a != b) & (a != "") & (b != "") & ~self.pairs.same)

    def _each_with_each(self, places: list[int]) -> Pairs:
        chosen = np.array(places, dtype=np.int64)
        if len(chosen) > MOST_COMPARED:
            chosen = np.sort(np.random.default_rng(1).choice(chosen, MOST_COMPARED, replace=False))
        one, other = np.triu_indices(len(chosen), 1)
        a, b = chosen[one], chosen[other]
        people = np.array(self.people)
        return Pairs(a, b, (people[a] == people[b]) & (people[a] != ""))


def load(pairs: Path | None, groups: Path | None, by: str = "group") -> Cases:
    """The cases of two files, of which one may be absent. Raises SetupError for what is not as it must be."""
    if pairs is None and groups is None:
        raise SetupError("a study of bias needs --pairs, --groups or both")
    paired = _rows(pairs, ("a", "b", "same")) if pairs else []
    stated = {row["file"]: row for row in _rows(groups, ("file", by))} if groups else {}
    photos = list(dict.fromkeys([*stated, *(row[side] for row in paired for side in "ab")]))
    place = {photo: index for index, photo in enumerate(photos)}

    if pairs is None and not any((row[by] or "").strip() for row in stated.values()):
        raise SetupError(f"{groups} names no group")

    def column(name: str) -> list[str]:
        return [(stated.get(photo, {}).get(name) or "").strip() for photo in photos]

    return Cases(
        photos=photos,
        groups=column(by),
        people=column("person"),
        genders=[gender.lower() for gender in column("gender")],
        ages=[float(age) if age else None for age in column("age")],
        pairs=_pairs(paired, place) if pairs else None,
    )


def _pairs(rows: Sequence[Mapping[str, str]], place: Mapping[str, int]) -> Pairs:
    a, b = (np.array([place[row[side]] for row in rows], dtype=np.int64) for side in "ab")
    return Pairs(a, b, np.array([row["same"].strip() == "1" for row in rows], dtype=bool))


_ALLOWED = {"same": ("0", "1"), "gender": ("", "female", "male")}
_PHOTOS = ("a", "b", "file")


def _rows(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows, photos by their full paths."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise SetupError(f"{path} has no column {', '.join(missing)}: it needs {', '.join(needed)}")
            return [_row(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SetupError(f"{path} cannot be read: {error}") from error


def _row(path: Path, line: int, row: dict[str, str]) -> dict[str, str]:
    for name, allowed in _ALLOWED.items():
        value = (row.get(name) or "").strip().lower()
        if name in row and value not in allowed:
            raise SetupError(
                f"{path}, line {line}: {name} is {value!r}, and must be {' or '.join(filter(None, allowed))}"
            )
    if row.get("age"):
        try:
            float(row["age"])
        except ValueError:
            raise SetupError(f"{path}, line {line}: age is {row['age']!r}, and must be years or empty") from None
    return row | {name: str((path.parent / (row[name] or "")).resolve()) for name in _PHOTOS if name in row}
