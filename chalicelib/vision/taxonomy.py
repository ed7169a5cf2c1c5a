"""What labels there are and how they hang together: `models/labels.tsv`, `imagenet.tsv` and `coco.tsv`.

Names, categories and the shape of the tree follow Rekognition's own labels ("Detecting objects and concepts",
Amazon Rekognition developer guide); what maps to what is this project's work.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from ..config import data_file

THING, GROUP, SCENE, ACTIVITY, CONCEPT = KINDS = ("thing", "group", "scene", "activity", "concept")


@dataclass(frozen=True, slots=True)
class Label:
    """One name that DetectLabels may answer with."""

    name: str
    parents: tuple[str, ...]
    """All ancestors, not only the nearest, in alphabetical order as AWS has them."""
    category: str
    """One of Rekognition's categories, such as "Animals and Pets"."""
    kind: str
    """One of KINDS; only a thing has boxes of its own, a group's members have them."""
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All labels, and which of them each network's outputs mean."""

    labels: Mapping[str, Label]
    imagenet: tuple[str, ...]
    """The label of each of the classifier's 1,000 classes; two classes may share one."""
    coco: tuple[str, ...]
    """The label of each of the detector's 80 classes."""
    lemmas: Mapping[str, str]
    """The label of an ImageNet class by its first WordNet lemma."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A label as its file states it."""

    parents: tuple[str, ...]
    category: str
    kind: str
    aliases: tuple[str, ...]


@cache
def taxonomy() -> Taxonomy:
    """The committed taxonomy, read once."""
    classes = list(_table("imagenet.tsv"))
    stated = {row["label"]: _row(row) for row in _table("labels.tsv")}
    stated |= {row["label"]: _row(row) for row in classes if row["parents"]}
    return Taxonomy(
        labels={name: _label(name, stated) for name in stated},
        imagenet=tuple(row["label"] for row in classes),
        coco=tuple(row["label"] for row in _table("coco.tsv")),
        lemmas={row["class"]: row["label"] for row in classes},
    )


def _table(name: str) -> Iterator[dict[str, str]]:
    """The rows of a tab-separated file by its header; lines that begin with # are remarks."""
    with data_file(name).open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        yield from csv.DictReader(lines, delimiter="\t", restval="", quoting=csv.QUOTE_NONE)


def _row(row: Mapping[str, str]) -> _Row:
    return _Row(_names(row["parents"]), row.get("category", ""), row.get("kind", ""), _names(row["aliases"]))


def _names(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(", ")) if cell else ()


def _label(name: str, stated: Mapping[str, _Row]) -> Label:
    return Label(
        name,
        parents=tuple(sorted(_ancestors(name, stated))),
        category=_category(name, stated),
        kind=_kind(name, stated),
        aliases=stated[name].aliases,
    )


def _ancestors(name: str, stated: Mapping[str, _Row]) -> set[str]:
    parents = stated[name].parents
    return set(parents).union(*(_ancestors(parent, stated) for parent in parents))


def _category(name: str, stated: Mapping[str, _Row]) -> str:
    return stated[name].category or _category(stated[name].parents[0], stated)


def _kind(name: str, stated: Mapping[str, _Row]) -> str:
    if stated[name].kind:
        return stated[name].kind
    inherited = _kind(stated[name].parents[0], stated)
    return THING if inherited == GROUP else inherited
