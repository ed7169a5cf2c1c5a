"""The evaluation of protective equipment, on photos and answers that are made up."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chalicelib.errors import InvalidParameterException
from chalicelib.evaluation.equipment import Seen, held_out, judged, run


def test_half_of_the_photos_are_held_out_whatever_their_folder() -> None:
    names = [f"{number:06}.jpg" for number in range(1000)]
    assert 450 < sum(map(held_out, names)) < 550
    assert all(held_out(f"images/{name}") == held_out(name) for name in names)


def test_what_was_not_found_is_right_of_nothing() -> None:
    rates = judged([Seen(True, True), Seen(True, False), Seen(True, None), Seen(False, False)])
    assert {name: (rate["hits"], rate["of"]) for name, rate in rates.items()} == {
        "found": (3, 4),
        "right_of_found": (2, 3),
        "covered_right_of_found": (1, 2),
        "bare_right_of_found": (1, 1),
        "right_of_all": (2, 4),
    }


def person(left: float, top: float, width: float, **covered: bool) -> dict[str, Any]:
    return {
        "BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": 3 * width},
        "BodyParts": [{"Name": name, "EquipmentDetections": [{}] if cover else []} for name, cover in covered.items()],
    }


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two masked faces and a bare one, one of them too small; workers with a hat and without; all held out."""
    names = [f"images/{n}.png" for n in range(40) if held_out(f"{n}.png")]
    for folder in ("mask", "ppe"):
        (tmp_path / folder / "images").mkdir(parents=True)
    for shade, name in enumerate(names[:3]):
        Image.new("RGB", (100 if shade < 2 else 20, 100), (shade, 0, 0)).save(tmp_path / "mask" / name)
    write(
        tmp_path / "mask" / "labels.csv",
        [{"file": name, "mask": mask} for name, mask in zip(names, (1, 0, 1), strict=False)],
    )
    Image.new("RGB", (100, 100), (9, 0, 0)).save(tmp_path / "ppe" / names[3])
    boxes = [("helmet", 10, 0), ("no_helmet", 50, 0), ("helmet", 80, 80), ("workwear", 10, 20)]
    write(
        tmp_path / "ppe" / "boxes.csv",
        [{"file": names[3], "label": label, "x1": x, "y1": y, "x2": x + 10, "y2": y + 10} for label, x, y in boxes],
    )
    return tmp_path


def answer(_operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Takes every face for masked, and of the workers sees one with a hat and one without."""
    from io import BytesIO

    image = Image.open(BytesIO(request["Image"]["Bytes"]))
    if image.width < 64:
        raise InvalidParameterException
    if image.getpixel((0, 0)) == (9, 0, 0):
        hatted, bare = person(0, 0, 0.3, FACE=False, HEAD=True), person(0.4, 0, 0.3, HEAD=False)
        return {"Persons": [hatted, bare]}
    return {"Persons": [person(0.2, 0, 0.5, FACE=True, HEAD=True)]}


def test_masks_and_hats_are_counted(data: Path) -> None:
    told: list[str] = []
    found = run(data, answer, lambda label, _done, _of: told.append(label))
    masks, hats = found["masks"], found["hard_hats"]
    assert (masks["found"]["of"], masks["right_of_all"]["hits"]) == (2, 1)
    assert masks["bare_right_of_found"]["hits"] == 0
    assert (hats["found"]["hits"], hats["found"]["of"]) == (2, 3)
    assert hats["right_of_found"]["hits"] == 2
    assert {"masks", "hard hats"} == set(told)
