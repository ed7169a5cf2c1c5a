"""`lookalike evaluate`: what can be measured, and the study of bias from the command line."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib import evaluation
from chalicelib.errors import SetupError
from chalicelib.local.cli import app
from chalicelib.local.commands.evaluating import SUBJECTS


def test_every_evaluation_there_is_has_a_command() -> None:
    names = {module.name for module in pkgutil.iter_modules(evaluation.__path__)}
    runnable = {name for name in names if hasattr(importlib.import_module(f"{evaluation.__name__}.{name}"), "run")}
    assert runnable == {*SUBJECTS, "bias"}
    shown = CliRunner().invoke(app, ["evaluate", "--help"], env={"COLUMNS": "200"}).output
    assert all(name in shown for name in runnable)


@pytest.fixture
def groups(tmp_path: Path, astronaut: bytes) -> Path:
    """The same photo twice, and something that is none."""
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).write_bytes(astronaut)
    (tmp_path / "words.jpg").write_text("words")
    rows = ["one.jpg,crew,eileen,female,36", "two.jpg,crew,eileen,female,36", "words.jpg,crew,,,"]
    path = tmp_path / "groups.csv"
    path.write_text("\n".join(["file,group,person,gender,age", *rows]))
    return path


@pytest.mark.usefixtures("models")
def test_bias_is_studied_on_the_users_photos(groups: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["evaluate", "bias", "--groups", str(groups), "--page", str(page), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    (crew,) = (group for group in report["groups"] if group["name"] == "crew")
    assert crew["false_non_match"]["value"] == 0
    assert crew["gender"]["value"] == 1
    assert crew["false_match"] is None
    assert len(report["unreadable"]) == 1
    assert "crew" in page.read_text()


@pytest.mark.usefixtures("models")
def test_the_table_names_the_group_and_the_page(groups: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    options = ["--groups", str(groups), "--page", str(page)]
    shown = CliRunner().invoke(app, ["evaluate", "bias", *options], env={"COLUMNS": "300"}).stdout
    assert "crew" in shown
    assert "too small" in shown
    assert str(page) in shown.replace("\n", "")


def test_a_file_that_will_not_do_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("photo,group\n")
    refused = CliRunner().invoke(app, ["evaluate", "bias", "--groups", str(tmp_path / "groups.csv")])
    assert isinstance(refused.exception, SetupError)
