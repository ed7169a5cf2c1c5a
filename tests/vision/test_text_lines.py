"""CTC decoding and batching, on a network that says what the test wants."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from chalicelib.vision.sessions import Sessions
from chalicelib.vision.text_lines import LINE_HEIGHT, LineReader, Reading

CHARACTERS = ["a", "b", "中", "文", "：", "！"]
BLANK, SPACE = 0, len(CHARACTERS) + 1


class Says:
    """Sessions whose recogniser gives each line the columns that its first pixel names."""

    def __init__(self, *lines: str, doubts: Mapping[int, float] | None = None) -> None:
        self.lines, self.doubts = lines, doubts or {}
        self.shapes: list[tuple[int, ...]] = []

    def session(self, model: str) -> Any:
        meta = SimpleNamespace(custom_metadata_map={"character": "\n".join(CHARACTERS)})
        return SimpleNamespace(get_modelmeta=lambda: meta)

    def run(self, model: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        batch = feeds["input"]
        self.shapes.append(batch.shape)
        answer = np.zeros((len(batch), batch.shape[3] // 8, SPACE + 1), np.float32)
        answer[..., BLANK] = 0.9
        for row, line in zip(answer, batch, strict=True):
            columns = self.lines[round((float(line[0, 0, 0]) + 1) * 127.5)]
            for place, character in enumerate(columns):
                if character != "_":
                    row[place, BLANK] = 0.05
                    row[place, SPACE if character == " " else CHARACTERS.index(character) + 1] = 0.8
            for place, probability in self.doubts.items():
                row[place, SPACE] = probability
        return [answer]


def crop(number: int, width: int = 80) -> NDArray[np.uint8]:
    return np.full((LINE_HEIGHT, width, 3), number, np.uint8)


def read(columns: str, doubts: Mapping[int, float] | None = None) -> Reading:
    (reading,) = LineReader(cast("Sessions", Says(columns, doubts=doubts))).read([crop(0)])
    return reading


def test_repeats_are_one_character_unless_a_blank_parts_them() -> None:
    assert read("aaab_b__a").text == "abba"


def test_places_are_the_middles_of_the_columns() -> None:
    assert read("aa____b___").places == pytest.approx((0.1, 0.65))


def test_confidence_is_that_of_the_characters() -> None:
    reading = read("a_ _b")
    assert reading.confidences == pytest.approx((0.8, 0.8, 0.8))
    assert reading.confidence == pytest.approx(0.8)
    assert read("a__b", {1: 0.2}).confidence == pytest.approx(0.8)  # the space's own .9 does not count


def test_nothing() -> None:
    assert read("____") == Reading("", (), ())
    assert read("____").confidence == 0
    assert LineReader(cast("Sessions", Says())).read([]) == []


def test_a_blank_that_may_well_be_a_space_is_one() -> None:
    assert read("a__b", {1: 0.2}).text == "a b"
    assert read("a__b", {1: 0.1}).text == "ab"


def test_full_width_punctuation_stays_among_chinese_characters() -> None:
    assert read("a_：_b_！").text == "a:b!"
    assert read("中_：_文").text == "中：文"


def test_lines_come_back_in_order_and_similar_widths_run_together() -> None:
    says = Says("a", "b", "中", "文")
    widths = [80, 2000, 90, 3000]
    readings = LineReader(cast("Sessions", says)).read([crop(number, width) for number, width in enumerate(widths)])
    assert [reading.text for reading in readings] == ["a", "b", "中", "文"]
    assert [shape[0] for shape in says.shapes] == [2, 1, 1]
    assert says.shapes[0] == (2, 3, LINE_HEIGHT, 160)
