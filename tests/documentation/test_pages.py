"""Every example of README.md and docs/*.md runs, against a server of its own, and prints what the page says."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, Server
from tests.documentation.pages import RUN, Block, blocks, run
from tests.films import card, film, photo
from tests.servers import serving
from tests.tools import AbsentError, javascript, terraform

ELSEWHERE = {
    "testing.md": "tests/testing/test_documentation.py runs it as a user's tests, against the wheel",
    "deploy.md": "tests/lambda/test_terraform.py applies what it deploys; its own commands need an account of AWS's",
}
"""Pages whose examples are not run here, and what runs them."""
SHOWN = frozenset({"hcl", "javascript", "json", "text"})
"""Languages of blocks that are files, or no examples at all."""
PAGES = {path.name: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
EXAMPLES = {name: blocks(page) for name, page in PAGES.items() if name not in ELSEWHERE}
WITH_EXAMPLES = [name for name, found in EXAMPLES.items() if any(block.language in RUN for block in found)]
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Desk:
    """Where a reader sits: a folder with photos and a video, the commands installed, two lines exported."""

    folder: Path
    environ: dict[str, str]
    server: Server
    absent: dict[str, str]
    """Programs that are not here, and why, by the command that would start them."""

    def follow(self, block: Block) -> str:
        """Do as a block says; returns why it was not done, where a program is absent."""
        for program, reason in self.absent.items():
            if block.language == "console" and any(command.startswith(program) for command, _ in block.commands()):
                return reason
        run(block, self.folder, self.environ, self.server.url)
        return ""


@pytest.fixture
def desk(models: Path, tmp_path: Path) -> Iterator[Desk]:
    _put_things(tmp_path)
    absent: dict[str, str] = {}
    programs: dict[str, str] = {}
    try:
        (tmp_path / "node_modules").symlink_to(javascript() / "node_modules")
    except AbsentError as error:
        absent["node"] = str(error)
    try:
        programs |= terraform(tmp_path)
    except AbsentError as error:
        absent["terraform"] = str(error)
    if not Path(sys.executable).with_name("aws").exists() and shutil.which("aws") is None:
        absent["aws"] = "the AWS CLI is not installed here"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOOKALIKE_"))}
    path = f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:{plain.get('PATH', '')}"
    with serving(tmp_path / ".lookalike", LOOKALIKE_SYNC="0") as server:
        environ = {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "120",
            "LOOKALIKE_MODELS": str(models),
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        yield Desk(tmp_path, plain | environ | programs, server, absent)


def _put_things(folder: Path) -> None:
    """What the pages take for granted that a reader has, of tests/photos, and this checkout's examples."""
    photos = ROOT / "tests" / "photos"
    for name, source in {"portrait": "astronaut", "cat": "chelsea", "coffee": "coffee"}.items():
        shutil.copy(photos / f"{source}.jpg", folder / f"{name}.jpg")
    shutil.copy(ROOT / "examples" / "visitor.jpg", folder)
    (folder / "people").mkdir()
    shutil.copy(photos / "astronaut.jpg", folder / "people" / "Eileen Collins.jpg")
    frames = [photo("coffee")] * 10 + [card("HELLO")] * 10 + [photo("chelsea")] * 10
    (folder / "film.mp4").write_bytes(film(frames))
    for name in ("examples", "tests"):
        (folder / name).symlink_to(ROOT / name)
    commands = folder / "bin"
    commands.mkdir()
    (commands / "lookalike").write_text(f'#!/bin/sh\nexec {sys.executable} -m chalicelib "$@"\n')
    (commands / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for command in commands.iterdir():
        command.chmod(0o755)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(commands)


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_its_examples_do_what_it_says(page: str, desk: Desk) -> None:
    left_out = {reason for block in EXAMPLES[page] if (reason := desk.follow(block))}
    if left_out:
        pytest.skip(f"all but some examples ran: {'; '.join(sorted(left_out))}")


@pytest.mark.parametrize("page", EXAMPLES)
def test_no_example_is_passed_over(page: str) -> None:
    """One in a language that is neither run nor shown would never be noticed when it is wrong."""
    assert {block.language for block in EXAMPLES[page]} <= RUN | SHOWN


def test_pages_run_elsewhere_are_there_with_their_tests() -> None:
    for name, reason in ELSEWHERE.items():
        assert (ROOT / "docs" / name).is_file()
        assert (ROOT / reason.split()[0]).is_file()


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_somewhere(page: str) -> None:
    folder = ROOT if page == "README.md" else ROOT / "docs"
    text = re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "#")):
            path, _, heading = target.partition("#")
            assert (folder / path).exists(), target
            if heading:
                assert heading in _headings((folder / path).read_text()), target


def _headings(page: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    found = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
