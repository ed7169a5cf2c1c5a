"""The taxonomy's data: complete, sound, in Rekognition's terms."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from chalicelib.vision.taxonomy import KINDS, taxonomy

CATEGORIES = {
    "Actions",
    "Animals and Pets",
    "Apparel and Accessories",
    "Beauty and Personal Care",
    "Buildings and Architecture",
    "Colors and Visual Composition",
    "Damage Detection",
    "Education",
    "Events and Attractions",
    "Everyday Objects",
    "Expressions and Emotions",
    "Food and Beverage",
    "Furniture and Furnishings",
    "Health and Fitness",
    "Hobbies and Interests",
    "Home Appliances",
    "Home and Indoors",
    "Kitchen and Dining",
    "Materials",
    "Medical",
    "Nature and Outdoors",
    "Offices and Workspaces",
    "Patterns and Shapes",
    "Performing Arts",
    "Person Description",
    "Plants and Flowers",
    "Popular Landmarks",
    "Profession",
    "Public Safety",
    "Religion",
    "Sports",
    "Symbols and Flags",
    "Technology and Computing",
    "Text and Documents",
    "Tools and Machinery",
    "Toys and Gaming",
    "Transport and Logistics",
    "Travel and Adventure",
    "Vehicles and Automotive",
    "Weapons and Military",
}


def test_every_class_of_both_networks_has_a_label() -> None:
    known = taxonomy()
    assert len(known.imagenet) == 1000
    assert len(known.coco) == 80
    assert {*known.imagenet, *known.coco} <= known.labels.keys()


def test_classes_stand_in_the_order_of_their_numbers() -> None:
    for name, count in ("imagenet", 1000), ("coco", 80):
        lines = (Path(__file__).parents[2] / "models" / f"{name}.tsv").read_text().splitlines()
        rows = [line.split("\t") for line in lines if not line.startswith("#")][1:]
        assert [int(row[0]) for row in rows] == list(range(count))


def test_every_label_has_a_category_a_kind_and_known_parents() -> None:
    labels = taxonomy().labels
    for label in labels.values():
        assert label.category in CATEGORIES, label
        assert label.kind in KINDS, label
        assert set(label.parents) <= labels.keys(), label


def test_no_label_is_its_own_ancestor() -> None:
    labels = taxonomy().labels
    assert not [label.name for label in labels.values() if label.name in label.parents]


def test_ancestors_of_an_ancestor_are_ancestors() -> None:
    labels = taxonomy().labels
    for label in labels.values():
        for parent in label.parents:
            assert set(labels[parent].parents) <= set(label.parents), (label, parent)


def test_names_are_title_case_without_stray_spaces() -> None:
    for label in taxonomy().labels.values():
        for name in (label.name, *label.aliases):
            assert name == name.strip()
            assert name[0].isupper(), name


def test_an_alias_means_one_label_and_is_none_itself() -> None:
    labels = taxonomy().labels
    aliases = [alias for label in labels.values() for alias in label.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & labels.keys()


@pytest.mark.parametrize(
    ("name", "parents", "category", "kind"),
    [
        ("Golden Retriever", ("Animal", "Canine", "Dog", "Mammal", "Pet", "Retriever"), "Animals and Pets", "thing"),
        ("Car", ("Transportation", "Vehicle"), "Vehicles and Automotive", "thing"),
        ("Espresso", ("Beverage", "Coffee"), "Food and Beverage", "thing"),
        ("Mammal", ("Animal",), "Animals and Pets", "group"),
        ("Beach", ("Nature", "Outdoors", "Shoreline", "Water"), "Nature and Outdoors", "scene"),
        ("Woman", ("Adult", "Female", "Person"), "Person Description", "thing"),
        ("Warplane", ("Aircraft", "Airplane", "Transportation", "Vehicle"), "Weapons and Military", "thing"),
    ],
)
def test_labels_as_rekognition_has_them(name: str, parents: tuple[str, ...], category: str, kind: str) -> None:
    label = taxonomy().labels[name]
    assert (label.parents, label.category, label.kind) == (parents, category, kind)


def test_classes_follow_wordnet_order(shared_data: Path) -> None:
    """ILSVRC2012 sorts its classes by WordNet number: the 250 numbers known here must rise with ours."""
    with (shared_data / "imagenet" / "labels.csv").open() as file:
        numbers = {row["label"]: row["wnid"] for row in csv.DictReader(file)}
    ours = [numbers[lemma] for lemma in taxonomy().lemmas if lemma in numbers]
    assert len(ours) == len(numbers)
    assert ours == sorted(ours)
