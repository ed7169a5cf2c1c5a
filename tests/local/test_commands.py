"""The command line beside `serve`."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from chalicelib.local.commands.progress import bars, table
from tests.conftest import ROOT

MANIFEST = tomllib.loads((ROOT / "models" / "manifest.toml").read_text())


def lookalike(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chalicelib", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_command_explains_itself() -> None:
    overview = lookalike("--help").stdout
    for command in ("serve", "models", "evaluate", "version"):
        assert command in overview
        shown = lookalike(command, "--help")
        assert shown.returncode == 0
        assert "Usage" in shown.stdout


def test_the_command_line_begins_without_what_is_slow() -> None:
    heavy = {"PIL", "boto3", "botocore", "moto", "numpy", "onnxruntime", "rich.table", "werkzeug"}
    program = f"import sys, chalicelib.local.cli; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_shell_completes_commands() -> None:
    typed = {"COMP_WORDS": "lookalike detect ", "COMP_CWORD": "2", "_LOOKALIKE_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib"],
        cwd=ROOT,
        env=os.environ | typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["faces", "labels", "text", "moderation", "ppe"]


def test_packs_are_listed() -> None:
    listed = lookalike("models", "list")
    assert listed.returncode == 0
    for pack in MANIFEST["packs"]:
        assert pack in listed.stdout


def test_a_built_pack_is_pulled_in_silence_and_verified(models: Path) -> None:
    pulled = lookalike("models", "pull", "core")
    assert (pulled.returncode, pulled.stdout, pulled.stderr) == (0, "", "")
    verified = lookalike("models", "verify", "core")
    assert verified.returncode == 0
    assert {line.split()[0] for line in verified.stdout.splitlines()} == {"built"}


@pytest.mark.parametrize("command", ["pull", "verify"])
def test_a_pack_there_is_not_is_told(command: str) -> None:
    done = lookalike("models", command, "weather")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "weather" in line


def test_where_nobody_watches_a_task_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with bars() as progress:
        for done in range(4):
            progress("build centerface", done, 3)
    assert capsys.readouterr().err == "build centerface\n"


def test_figures_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    table("faces", {"accuracy": 0.99123456, "by size": {"24 px": 0.88, "pairs": 3000}})
    printed = capsys.readouterr().out
    assert "0.9912" in printed
    assert "by size · 24 px" in printed
    assert "3000" in printed
