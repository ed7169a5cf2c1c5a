"""Findings of several models, put together."""

from __future__ import annotations

import pytest

from chalicelib.vision.findings import Finding, Instance, together
from chalicelib.vision.geometry import Box

HEAD, BODY, ELSEWHERE = Box(0.4, 0.1, 0.1, 0.1), Box(0.3, 0, 0.3, 1), Box(0.8, 0, 0.1, 0.9)


def test_ancestors_are_as_sure_as_their_surest_descendant() -> None:
    found = together([Finding("Dog", 80), Finding("Cat", 70), Finding("Animal", 60)], 0)
    assert {one.label.name: one.confidence for one in found} == {
        "Dog": 80, "Cat": 70, "Animal": 80, "Mammal": 80, "Pet": 80, "Canine": 80,
    }  # fmt: skip
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)


def test_what_is_less_sure_is_left_out() -> None:
    found = together([Finding("Dog", 54.9, (Instance(HEAD, 54.9),)), Finding("Person", 55)], 55)
    assert [one.label.name for one in found] == ["Person"]


def test_a_body_around_a_face_is_as_sure_as_the_face() -> None:
    findings = [Finding("Person", 99, (Instance(HEAD, 99),)), Finding("Person", 42, (Instance(BODY, 42),))]
    (person,) = together(findings, 55)
    assert person.instances == (Instance(BODY, 99),)


@pytest.mark.parametrize("least", [0, 55])
def test_a_box_alone_is_as_sure_as_it_is(least: float) -> None:
    findings = [Finding("Person", 99, (Instance(HEAD, 99),)), Finding("Person", 42, (Instance(ELSEWHERE, 42),))]
    (person,) = together(findings, least)
    assert person.instances == ((Instance(HEAD, 99), Instance(ELSEWHERE, 42)) if least == 0 else (Instance(HEAD, 99),))
