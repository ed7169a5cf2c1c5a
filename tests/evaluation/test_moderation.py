"""The evaluation of moderation, on answers that are given; and the table of what is covered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.evaluation import moderation
from chalicelib.evaluation.moderation import coverage, coverage_table

DOCUMENT = Path(__file__).parents[2] / "docs" / "moderation.md"


def test_finds_and_false_alarms(tmp_path: Path) -> None:
    folder = tmp_path / "imagenet"
    folder.mkdir()
    (folder / "labels.csv").write_text("file,wnid,label\na.jpg,n1,revolver\nb.jpg,n2,bikini\nc.jpg,n3,tabby\n")
    answers = {b"a.jpg": ["Violence", "Weapons"], b"b.jpg": ["Swimwear or Underwear"], b"c.jpg": ["Alcohol"]}
    for name in answers:
        (folder / name.decode()).write_bytes(name)

    def call(_operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ModerationLabels": [{"Name": name} for name in answers[request["Image"]["Bytes"]]]}

    measured = moderation.run(tmp_path, call, lambda *_: None)
    assert (measured["found"]["hits"], measured["found"]["of"]) == (1, 2)  # of the bikini, the second level is missing
    assert (measured["false_alarms"]["hits"], measured["false_alarms"]["of"]) == (1, 1)


def test_a_label_is_covered_where_one_below_it_is() -> None:
    packs = {label.name: packs for label, packs in coverage()}
    assert packs["Violence"] == packs["Weapons"] == ("core",)
    assert packs["Explicit"] == ("nudity",)
    assert packs["Hate Symbols"] == ()


def test_the_documented_table_is_the_taxonomy_s() -> None:
    """`evaluation.moderation.coverage_table` writes it anew."""
    assert coverage_table() in DOCUMENT.read_text(encoding="utf-8")
