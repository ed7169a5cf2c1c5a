"""What DetectModerationLabels finds in photos whose class says what it ought to find, and what it covers at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..vision.moderation import ModerationLabel, lineage, moderation_labels
from ..vision.taxonomy import taxonomy
from . import measures
from .running import Call, Progress, each
from .truth import table


class _Judged(NamedTuple):
    """One photo: the moderation labels that its class calls for, and those that were answered."""

    wanted: frozenset[str]
    found: frozenset[str]


def run(data: Path, call: Call, progress: Progress) -> dict[str, Any]:
    """Finds and false alarms on `data`/imagenet, at the default confidence.

    Few of its 250 classes call for a label, so the finds say little (see their interval); the false alarms are what
    this measures. Nothing at hand shows nudity: the pack `nudity` is not measured.
    """
    folder = data / "imagenet"
    photos = [(folder / row["file"], row["label"]) for row in table(folder / "labels.csv")]
    judged = each("ImageNet", lambda photo: _judge(*photo, call), photos, progress)
    called = [one for one in judged if one.wanted]
    harmless = [one for one in judged if not one.wanted]
    return {
        "found": measures.share(np.array([one.wanted <= one.found for one in called])),
        "false_alarms": measures.share(np.array([bool(one.found) for one in harmless])),
        "covered": {label.name: ", ".join(packs) or "no pack" for label, packs in coverage()},
    }


def coverage() -> Iterator[tuple[ModerationLabel, tuple[str, ...]]]:
    """Each moderation label and the packs that have evidence of it or of what is below it."""
    known = moderation_labels()
    for label in known.values():
        below = [one for one in known.values() if label.name in lineage(one)]
        packs = [
            pack
            for pack, seen in (
                ("core", any(one.labels for one in below)),
                ("nudity", any(one.nudity for one in below)),
            )
            if seen
        ]
        yield label, tuple(packs)


def coverage_table() -> str:
    """`coverage` as a table in Markdown, indented by level."""
    rows = [
        f"| {'&emsp;' * (label.level - 1)}{label.name} | {', '.join(f'`{pack}`' for pack in packs) or 'none'} |"
        for label, packs in coverage()
    ]
    return "\n".join(["| Label | Seen by the pack |", "| --- | --- |", *rows])


def _judge(path: Path, lemma: str, call: Call) -> _Judged:
    found = call("DetectModerationLabels", {"Image": {"Bytes": path.read_bytes()}})["ModerationLabels"]
    shown = taxonomy().labels[taxonomy().lemmas[lemma]]
    evident = {shown.name, *shown.parents}
    wanted = [name for one in moderation_labels().values() if evident & set(one.labels) for name in lineage(one)]
    return _Judged(frozenset(wanted), frozenset(label["Name"] for label in found))
