"""The study of bias on people whose likeness is known: faces on a line, where a match is .53 apart and less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from chalicelib.errors import SetupError
from chalicelib.evaluation import bias, bias_cases, measures
from chalicelib.evaluation.bias_report import BETWEEN, EVERYBODY, Group, Report
from chalicelib.vision.similarity import similarity
from tests.evaluation.people import look, silent, written


def study(pairs: Path | None, groups: Path | None, by: str = "group", **options: float) -> Report:
    return bias.run(bias_cases.load(pairs, groups, by), look, silent, **options)


def named(report: Report, name: str) -> Group:
    (group,) = (group for group in report.groups if group.name == name)
    return group


def photo(folder: Path, name: str, x: float, gender: str = "male", age: float = 30) -> str:
    (folder / name).write_text(f"{x} {gender} {age}")
    return name


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """Group far: 100 people a metre apart. Group near: 100 people, two and two .2 apart."""
    rows = [{"file": photo(tmp_path, f"far-{at}", at), "group": "far"} for at in range(100)]
    rows += [
        {"file": photo(tmp_path, f"near-{at}", 200 + at // 2 + 0.2 * (at % 2)), "group": "near"} for at in range(100)
    ]
    return written(tmp_path / "groups.csv", rows)


def test_people_of_a_group_are_compared_with_each_other(crowd: Path) -> None:
    report = study(None, crowd)
    assert [group.name for group in report.groups] == [EVERYBODY, "far", "near"]
    far, near = named(report, "far").false_match, named(report, "near").false_match
    assert far is not None
    assert near is not None
    assert (far["hits"], far["of"]) == (0, 4950)
    assert (near["hits"], near["of"]) == (50, 4950)
    assert named(report, EVERYBODY).false_match["of"] == 9900  # type: ignore[index]  # measured
    assert named(report, "far").false_non_match is None


def test_each_group_is_told_the_threshold_that_it_needs(crowd: Path) -> None:
    report = study(None, crowd, target=0.011)
    near = named(report, "near").needed
    assert near is not None
    # 50 of 4,950 pairs are .2 apart, the next are .8 apart, and 1.1 % are 54 pairs.
    assert near == pytest.approx(similarity(0.8), abs=0.01)
    assert study(None, crowd, target=0.005).groups[2].needed == pytest.approx(similarity(0.2), abs=0.01)


def test_differences_beyond_chance_are_said_in_words(crowd: Path) -> None:
    (finding,) = (line for line in study(None, crowd).findings if line.startswith("false matches"))
    assert "most in near (1.01%), least in far (0.00%), more than chance" in finding


def test_that_nobody_said_who_is_who_is_said_first(crowd: Path) -> None:
    assert "no file says who is who" in study(None, crowd).findings[0]


def test_where_nothing_differs_that_is_said(tmp_path: Path) -> None:
    rows = [{"file": photo(tmp_path, f"{at}", at), "group": "ab"[at % 2], "person": ""} for at in range(200)]
    rows[0]["person"] = "ada"
    findings = study(None, written(tmp_path / "groups.csv", rows)).findings
    assert findings
    assert all("no difference" in finding for finding in findings)


def test_a_group_that_is_too_small_is_called_too_small_with_its_interval(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"file": photo(tmp_path, f"{at}", at, "male", 20 + at % 30), "group": "few", "gender": "male", "age": 40}
        for at in range(8)
    ]
    few = named(study(None, written(tmp_path / "groups.csv", rows)), "few")
    assert {"false_match", "needed", "gender", "age_inside", "age_error", "faceless"} == set(few.too_small)
    assert few.needed is None
    assert few.gender is not None
    assert few.gender["low"] == pytest.approx(0.676, abs=1e-3)
    assert few.gender["high"] == pytest.approx(1)


def test_a_group_that_is_too_small_has_no_say_in_the_findings(tmp_path: Path, crowd: Path) -> None:
    lines = crowd.read_text() + f"{photo(tmp_path, 'one', 500)},few\n{photo(tmp_path, 'two', 500)},few\n"
    crowd.write_text(lines)
    report = study(None, crowd)
    assert named(report, "few").false_match["value"] == 1  # type: ignore[index]  # measured
    assert not any("few" in finding for finding in report.findings)


def test_who_is_who_makes_genuine_pairs(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"file": photo(tmp_path, f"{person}-{at}", x), "group": "all", "person": person}
        for person, places in (("ada", (0, 0.1, 0.9)), ("eve", (9, 9.2)))
        for at, x in enumerate(places)
    ]
    group = named(study(None, written(tmp_path / "groups.csv", rows)), "all")
    # ada's third photo is like neither of her others
    assert group.false_non_match is not None
    assert (group.false_non_match["hits"], group.false_non_match["of"]) == (2, 4)
    assert group.false_match is not None
    assert (group.false_match["hits"], group.false_match["of"]) == (0, 6)


def test_stated_pairs_are_counted_where_both_are_of_the_group(tmp_path: Path) -> None:
    groups: list[dict[str, Any]] = [
        {"file": photo(tmp_path, name, x), "group": name[0]} for name, x in (("a1", 0), ("a2", 0.1), ("b1", 0.2))
    ]
    photo(tmp_path, "c1", 0.3)
    pairs = [
        {"a": "a1", "b": "a2", "same": 1},
        {"a": "a1", "b": "b1", "same": 0},
        {"a": "b1", "b": "c1", "same": 0},  # c1 is of no group
    ]
    report = study(written(tmp_path / "pairs.csv", pairs), written(tmp_path / "groups.csv", groups))
    assert report.photos == 4
    assert named(report, EVERYBODY).false_match["of"] == 2  # type: ignore[index]  # measured
    assert named(report, BETWEEN).false_match["of"] == 1  # type: ignore[index]  # measured
    assert named(report, BETWEEN).false_non_match is None
    assert named(report, "a").false_non_match["of"] == 1  # type: ignore[index]  # measured
    assert named(report, "b").false_match is None


def test_pairs_alone_are_a_study_of_everybody(tmp_path: Path) -> None:
    photo(tmp_path, "a", 0), photo(tmp_path, "b", 1)
    report = study(written(tmp_path / "pairs.csv", [{"a": "a", "b": "b", "same": 1}]), None)
    assert [group.name for group in report.groups] == [EVERYBODY]
    assert named(report, EVERYBODY).false_non_match["value"] == 1  # type: ignore[index]  # measured


def test_attributes_are_compared_with_what_the_file_says(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"file": photo(tmp_path, "1", 1, "female", 31), "sex": "x", "gender": "Female", "age": 30},
        {"file": photo(tmp_path, "2", 2, "female", 60), "sex": "x", "gender": "male", "age": 50},
        {"file": photo(tmp_path, "3", 3, "female", 90), "sex": "x", "gender": "", "age": ""},
    ]
    group = named(study(None, written(tmp_path / "groups.csv", rows), by="sex"), "x")
    assert group.gender is not None
    assert (group.gender["hits"], group.gender["of"]) == (1, 2)
    assert group.age_error is not None
    assert group.age_error.value == pytest.approx(5.5)
    assert group.age_inside is not None
    assert (group.age_inside["hits"], group.age_inside["of"]) == (1, 2)


def test_photos_that_fail_spoil_no_other(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"file": photo(tmp_path, f"{at}", at), "group": "all"} for at in range(3)]
    (tmp_path / "nobody").write_text("nobody")
    (tmp_path / "damaged").write_text("?")
    rows += [{"file": name, "group": "all"} for name in ("nobody", "damaged", "missing")]
    report = study(None, written(tmp_path / "groups.csv", rows))
    assert [line.split(": ")[0] for line in report.unreadable] == [str(tmp_path / "damaged"), str(tmp_path / "missing")]
    group = named(report, "all")
    assert group.faceless is not None
    assert (group.faceless["hits"], group.faceless["of"]) == (1, 4)
    assert group.false_match["of"] == 3  # type: ignore[index]  # measured


def test_a_file_that_names_its_photos_wrongly_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"none of 2 photos can be read: .*missing"):
        study(None, written(tmp_path / "groups.csv", [{"file": f"missing-{at}", "group": "x"} for at in (1, 2)]))


def test_a_group_without_a_photo_that_can_be_read_has_no_figures(crowd: Path) -> None:
    crowd.write_text(crowd.read_text() + "missing,lost\n")
    lost = named(study(None, crowd), "lost")
    assert (lost.photos, lost.faceless, lost.false_match) == (1, None, None)


def test_the_pairs_most_alike_are_shown_to_be_checked(crowd: Path) -> None:
    alike = named(study(None, crowd), "near").alike
    assert len(alike) == 3
    assert alike[0].similarity == pytest.approx(similarity(0.2), abs=1e-4)
    assert {Path(alike[0].a).name.split("-")[0], Path(alike[0].b).name.split("-")[0]} == {"near"}


def test_the_curves_fall_and_rise(crowd: Path) -> None:
    curve = named(study(None, crowd), "near").curve
    assert curve["threshold"] == sorted(curve["threshold"])
    assert list(curve["false_match"]) == sorted(curve["false_match"], reverse=True)
    assert "false_non_match" not in curve


def test_a_report_is_plain_json(crowd: Path) -> None:
    plain = msgspec.json.decode(msgspec.json.encode(study(None, crowd)))
    assert plain["groups"][2]["false_match"]["hits"] == 50
    assert plain["groups"][2]["alike"][0].keys() == {"similarity", "a", "b"}


def test_photos_may_lie_elsewhere_than_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same photo, named by two files of two folders."""
    (tmp_path / "photos").mkdir()
    photo(tmp_path / "photos", "1", 1), photo(tmp_path / "photos", "2", 2)
    groups = written(tmp_path / "photos" / "groups.csv", [{"file": f"{at}", "group": "x"} for at in (1, 2)])
    pairs = written(tmp_path / "lists" / "pairs.csv", [{"a": "../photos/1", "b": "../photos/2", "same": 0}])
    monkeypatch.chdir(tmp_path / "lists")
    report = study(Path("pairs.csv"), groups)
    assert pairs.exists()
    assert report.photos == 2
    assert report.unreadable == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"file": "a", "race": "x"}, "no column group"),
        ({"file": "a", "group": ""}, "names no group"),
        ({"file": "a", "group": "x", "age": "old"}, "line 2: age"),
        ({"file": "a", "group": "x", "gender": "f"}, "line 2: gender"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_told_where(tmp_path: Path, row: dict[str, str], told: str) -> None:
    with pytest.raises(SetupError, match=told):
        bias_cases.load(None, written(tmp_path / "groups.csv", [row]))


def test_same_is_0_or_1(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="same is 'yes'"):
        bias_cases.load(written(tmp_path / "pairs.csv", [{"a": "a", "b": "b", "same": "yes"}]), None)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read"):
        bias_cases.load(tmp_path / "pairs.csv", None)
    with pytest.raises(SetupError, match="--pairs"):
        bias_cases.load(None, None)


def test_pairs_that_share_photos_are_fewer_cases_than_they_look() -> None:
    """Intervals of simulated groups hold the truth about as often as they say, and Wilson's own do not."""
    random = np.random.default_rng(1)
    a, b = np.triu_indices(60, 1)
    held = simple = 0
    truth = 0.2**2
    for _ in range(400):
        easily_mistaken = random.random(60) < 0.2  # matches are between those alone
        hits = easily_mistaken[a] & easily_mistaken[b]
        rate, naive = measures.pair_rate(hits, a, b), measures.share(hits)
        held += rate["low"] <= truth <= rate["high"]
        simple += naive["low"] <= truth <= naive["high"]
    assert held / 400 > 0.85
    assert simple / 400 < 0.5
