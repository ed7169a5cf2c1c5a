"""Labels of real photos, of photos planted in others, and of pictures that show nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from chalicelib.vision.classifier import SIDE, views_of
from chalicelib.vision.faces import Face, Faces
from chalicelib.vision.findings import FoundLabel
from chalicelib.vision.geometry import Box
from chalicelib.vision.labels import Labels
from chalicelib.vision.people import Appearance, head
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions

PHOTOS = Path(__file__).parents[1] / "photos"


class Core(Sessions):
    """The core pack alone, whatever else is built beside it."""

    def available(self, model: str) -> bool:
        return model != "fastestdet" and super().available(model)


@pytest.fixture(scope="module")
def labels(models: Path) -> Labels:
    sessions = Core(models)
    return Labels(sessions, Faces(sessions, "centerface"))


def photo(name: str) -> Picture:
    return decode((PHOTOS / name).read_bytes())


def by_name(found: Sequence[FoundLabel]) -> dict[str, FoundLabel]:
    return {one.label.name: one for one in found}


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(across, 0) * max(down, 0)
    return shared / (one.area + other.area - shared)


def test_a_cat_is_a_cat_and_an_animal(labels: Labels) -> None:
    found = by_name(labels.detect(photo("chelsea.jpg")))
    assert {"Animal", "Mammal", "Pet", "Cat"} <= found.keys()
    assert found["Cat"].confidence > 90
    assert "Person" not in found


def test_an_espresso_brings_its_ancestors(labels: Labels) -> None:
    found = by_name(labels.detect(photo("coffee.jpg")))
    assert found["Espresso"].confidence > 80
    assert found["Espresso"].label.parents == ("Beverage", "Coffee")
    assert found["Coffee"].confidence >= found["Espresso"].confidence
    assert not found["Beverage"].instances  # a group: its members have the boxes


def test_no_ancestor_is_less_sure_than_its_descendants(labels: Labels) -> None:
    for name in ("chelsea.jpg", "coffee.jpg", "astronaut.jpg"):
        found = by_name(labels.detect(photo(name), least=0))
        for one in found.values():
            assert all(found[parent].confidence >= one.confidence for parent in one.label.parents), one.label


def test_the_surest_label_comes_first(labels: Labels) -> None:
    confidences = [one.confidence for one in labels.detect(photo("coffee.jpg"), least=1)]
    assert confidences == sorted(confidences, reverse=True)
    assert all(1 <= confidence <= 100 for confidence in confidences)


def test_a_higher_bar_lets_less_by(labels: Labels) -> None:
    picture = photo("coffee.jpg")
    low, high = (labels.detect(picture, least) for least in (5, 90))
    assert {one.label.name for one in high} < {one.label.name for one in low}
    assert all(instance.confidence >= 90 for one in high for instance in one.instances)


def test_a_face_is_a_person(labels: Labels) -> None:
    found = by_name(labels.detect(photo("astronaut.jpg")))
    (face,), (crown,), (person,) = (found[name].instances for name in ("Face", "Head", "Person"))
    assert overlap(face.box, Box(0.35, 0.11, 0.18, 0.24)) > 0.6
    assert crown.box == person.box == head(face.box)
    assert found["Person"].label.aliases == ("Human",)


def test_what_else_is_known_of_faces_becomes_labels(models: Path) -> None:
    def describe(_picture: Picture, faces: Sequence[Face]) -> list[Mapping[str, float]]:
        return [{"Woman": 97.0, "Adult": 99.0} for _ in faces]

    sessions = Core(models)
    found = by_name(Labels(sessions, Faces(sessions, "centerface"), describe).detect(photo("astronaut.jpg")))
    assert found["Woman"].confidence == 97
    assert found["Female"].confidence == 97
    assert found["Adult"].confidence == 99
    assert len(found["Woman"].instances) == 1


def test_a_woman_is_an_adult(models: Path) -> None:
    sessions = Core(models)
    describe = Appearance(sessions).describe
    found = by_name(Labels(sessions, Faces(sessions, "centerface"), describe).detect(photo("astronaut.jpg")))
    assert {"Adult", "Female", "Woman"} <= found.keys()
    assert not {"Child", "Male", "Man"} & found.keys()
    assert found["Woman"].confidence <= found["Female"].confidence


def test_an_animal_s_face_is_no_person(labels: Labels, shared_data: Path) -> None:
    """The face models find these faces, at 99 and 100."""
    for name in ("n02120079", "n02107908"):  # an Arctic fox, an Appenzeller
        found = by_name(labels.detect(decode((shared_data / "imagenet" / "images" / f"{name}.jpg").read_bytes())))
        assert "Animal" in found
        assert "Person" not in found


def test_people_beside_an_animal_are_people(labels: Labels) -> None:
    scene = Image.new("RGB", (812, 400))
    scene.paste(Image.open(PHOTOS / "astronaut.jpg").resize((400, 400)), (0, 0))
    scene.paste(Image.open(PHOTOS / "chelsea.jpg").resize((400, 400)), (412, 0))
    assert {"Person", "Cat"} <= by_name(labels.detect(Picture.of(np.asarray(scene)))).keys()


@pytest.mark.parametrize(("left", "top", "side"), [(40, 60, 300), (300, 150, 300), (20, 200, 240), (390, 20, 220)])
def test_a_planted_cat_is_boxed(labels: Labels, left: int, top: int, side: int) -> None:
    scene = Image.new("RGB", (640, 480), (150, 160, 170))
    cat = Image.open(PHOTOS / "chelsea.jpg").crop((60, 0, 360, 300)).resize((side, side))
    scene.paste(cat, (left, top))
    found = by_name(labels.detect(Picture.of(np.asarray(scene))))
    truth = Box(left / 640, top / 480, side / 640, side / 480)
    assert overlap(found["Cat"].instances[0].box, truth) > 0.4


def test_two_things_side_by_side_are_both_named_and_placed(labels: Labels) -> None:
    scene = Image.new("RGB", (800, 400))
    scene.paste(Image.open(PHOTOS / "chelsea.jpg").resize((400, 400)), (0, 0))
    scene.paste(Image.open(PHOTOS / "coffee.jpg").resize((400, 400)), (400, 0))
    found = by_name(labels.detect(Picture.of(np.asarray(scene))))
    cat, coffee = (found[name].instances[0].box for name in ("Cat", "Coffee"))
    assert cat.left + cat.width / 2 < 0.5 < coffee.left + coffee.width / 2


def _even(value: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, dtype=np.uint8)


def _noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "pixels",
    [_even(0, 200, 300), _even(255, 200, 300), _even(128, 90, 90), _noise(300, 400), _even(90, 1, 500), _noise(1, 1)],
    ids=["black", "white", "grey", "noise", "one pixel high", "one pixel"],
)
def test_what_shows_nothing_has_no_label(labels: Labels, pixels: NDArray[np.uint8]) -> None:
    assert labels.detect(Picture.of(pixels)) == []


@pytest.mark.parametrize(("height", "width"), [(1, 3000), (3000, 1), (80, 10_000), (2, 2)])
def test_extreme_shapes_are_looked_at(labels: Labels, height: int, width: int) -> None:
    for one in labels.detect(Picture.of(_noise(height, width)), least=5):
        assert all(instance.box.area > 0 for instance in one.instances)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (500, 500), (3000, 100), (100, 3000), (1, 1)])
def test_views_lie_inside_the_picture_and_cover_it(size: tuple[int, int]) -> None:
    width, height = size
    views = list(views_of(width, height))
    assert views[0][:4] == (0, 0, width, height)
    for view in views:
        assert -1e-9 <= view.left < view.right <= width + 1e-9
        assert -1e-9 <= view.top < view.bottom <= height + 1e-9
    assert len(views) <= 14
    assert SIDE % 32 == 0


def test_a_detector_s_boxes_take_over(sessions: Sessions) -> None:
    if not sessions.available("fastestdet"):
        pytest.skip("the pack `objects` is not built: run `lookalike models pull objects`")
    found = by_name(Labels(sessions, Faces(sessions)).detect(photo("astronaut.jpg")))
    assert found["Person"].instances[0].box.height > 0.6  # the body, where the face models see a head
    assert found["Head"].instances[0].box.height < 0.5
