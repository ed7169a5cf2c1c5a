"""What is written about operations and commands is complete and current."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from chalicelib import uploads
from chalicelib.local.cli import app
from chalicelib.operations import OPERATIONS
from scripts import document
from tests.conftest import ROOT
from tests.documentation.pages import blocks

COMMAND_LINE = (ROOT / "docs" / "command-line.md").read_text()


@pytest.mark.parametrize("path", document.pages(), ids=lambda path: path.name)
def test_pages_are_as_their_sources_say(path: Path) -> None:
    assert path.read_text() == document.pages()[path], "run python scripts/document.py"


def test_every_operation_has_its_differences() -> None:
    rows = re.findall(r"^\| (\w+) \| (.+) \|$", (ROOT / "docs" / "differences.md").read_text(), re.MULTILINE)
    assert [name for name, _ in rows[1:]] == sorted(OPERATIONS)


def test_the_rules_of_uploads_are_told_as_they_are() -> None:
    page = (ROOT / "docs" / "uploads.md").read_text()
    (example,) = [block.text for block in blocks(page) if block.language == "json"]
    assert [rule.operations for rule in uploads.rules(example)] == [("IndexFaces",), ("DetectModerationLabels",)]
    rows = re.findall(r"^\| (.*`\..*) \| (.*) \|$", page, re.MULTILINE)
    for (keys, does), rule in zip(rows, uploads.RULES, strict=True):
        assert set(re.findall(r"\.\w+(?=`)", keys)) == set(rule.suffixes)
        assert set(re.findall(r"\b(?:Index|Detect|Start)\w+", does)) == set(rule.operations)


@pytest.mark.parametrize(
    ("difference", "why"),
    [
        ({"operations": ["DetectUnicorns"], "text": "There are none."}, "not served"),
        ({"operations": ["DetectFaces"]}, "says nothing"),
    ],
)
def test_a_difference_that_says_nothing_is_refused(difference: dict[str, object], why: str) -> None:
    known = tomllib.loads(document.KNOWN.read_text())
    with pytest.raises(ValueError, match=why):
        document.differences(known | {"difference": [difference]})


def commands(group: typer.core.TyperGroup, names: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    """Every command with the words that call it."""
    found: list[tuple[tuple[str, ...], object]] = []
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found += commands(command, (*names, name))
        found.append(((*names, name), command))
    return found


COMMANDS = commands(get_command(app))  # type: ignore[arg-type]  # with commands it is a group


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_every_command_and_option_is_explained(words: tuple[str, ...], command: typer.core.TyperCommand) -> None:
    assert command.help, words
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{' '.join(words)}: {parameter.name} has no help"


@pytest.mark.parametrize("command", sorted({words[0] for words, _ in COMMANDS}))
def test_every_command_is_on_the_page(command: str) -> None:
    assert re.search(rf"(`|lookalike ){command}\b", COMMAND_LINE), command
