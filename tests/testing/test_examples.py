"""The examples of docs/testing.md, run as a user runs them: by pytest, against the installed wheel."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.wheel import ROOT, Installed

EXAMPLES = ROOT / "examples" / "testing"
THE_LINE = 'pytestmark = pytest.mark.usefixtures("mock_rekognition")\n'


def run(installed: Installed, models: Path, test: Path) -> subprocess.CompletedProcess[str]:
    plugins = ("-p", "no:cacheprovider", "-p", "no:randomly")
    command: list[str | Path] = [installed.python, "-m", "pytest", "-q", "-s", *plugins, "--rootdir", test.parent, test]
    return installed.run(*command, cwd=test.parent, check=False, LOOKALIKE_MODELS=str(models))


@pytest.mark.parametrize("name", ["test_moto", "test_scripts", "test_server"])
def test_an_example_passes(installed: Installed, models: Path, name: str) -> None:
    ended = run(installed, models, EXAMPLES / f"{name}.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_file_of_motos_users_runs_with_one_line_added(installed: Installed, models: Path, tmp_path: Path) -> None:
    """Without the line moto answers the same for every photo; with it, what is on this one."""
    text = (EXAMPLES / "test_moto.py").read_text()
    assert text.count(THE_LINE) == 1
    test = tmp_path / "examples" / "testing" / "test_moto.py"
    test.parent.mkdir(parents=True)
    (test.parent.parent / "visitor.jpg").write_bytes((ROOT / "examples" / "visitor.jpg").read_bytes())
    test.write_text(text.replace(THE_LINE, ""))
    before = run(installed, models, test)
    test.write_text(text)
    after = run(installed, models, test)
    assert (before.returncode, after.returncode) == (0, 0), before.stdout + after.stdout
    assert "['Mobile Phone']" in before.stdout
    assert "'Person'" in after.stdout
    assert "'Mobile Phone'" not in after.stdout
