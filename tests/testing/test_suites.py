"""Tests as users write them, in files of their own, each run by pytest against the installed wheel."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests import films
from tests.wheel import Installed, environment

SUITES = Path(__file__).parent / "suites"


@pytest.fixture
def project(tmp_path: Path, astronaut: bytes) -> Path:
    """A user's project: its tests, a photo, a video, and modules named as some of ours."""
    for suite in SUITES.glob("*.py"):
        (tmp_path / f"test_{suite.name}").write_text(suite.read_text())
    (tmp_path / "photo.jpg").write_bytes(astronaut)
    (tmp_path / "film.mp4").write_bytes(films.film([films.photo("astronaut")] * 8))
    (tmp_path / "app.py").write_text("raise RuntimeError('the application of the user was imported')\n")
    return tmp_path


def command(installed: Installed, suite: str, *options: str | Path) -> list[str | Path]:
    plugins = ("-p", "no:cacheprovider", "-p", "no:randomly")
    return [installed.python, "-m", "pytest", "-q", "-s", *plugins, *options, f"test_{suite}.py"]


@pytest.mark.parametrize(
    ("suite", "options"), [("mocked", []), ("served", []), ("served", ["-n", "2"]), ("mocked", ["-n", "2"])]
)
def test_a_suite_passes(installed: Installed, models: Path, project: Path, suite: str, options: list[str]) -> None:
    ended = installed.run(*command(installed, suite, *options), cwd=project, check=False, LOOKALIKE_MODELS=str(models))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"^\d+ passed in", ended.stdout, re.MULTILINE)


def test_a_data_directory_is_kept(installed: Installed, models: Path, project: Path) -> None:
    asked = command(installed, "kept", "--lookalike-data-dir", "data")
    told = [installed.run(*asked, cwd=project, LOOKALIKE_MODELS=str(models)).stdout for _ in range(2)]
    assert ["['c0']" in text for text in told] == [True, False]
    assert "['c0', 'c1']" in told[1]


def test_missing_models_fail_each_test_in_one_line(installed: Installed, project: Path) -> None:
    asked = command(installed, "kept")
    told = installed.run(*asked, cwd=project, check=False, LOOKALIKE_MODELS=str(project / "none")).stdout
    assert "lookalike: models of the core pack are missing" in told
    assert "run `lookalike models pull core`" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(("packs", "complaint"), [("nosuch", "there is no model pack 'nosuch'"), ("core", "")])
def test_packs_are_chosen(installed: Installed, models: Path, project: Path, packs: str, complaint: str) -> None:
    asked = command(installed, "kept", "--lookalike-packs", packs, "-k", "added")
    ended = installed.run(*asked, cwd=project, check=False, LOOKALIKE_MODELS=str(models))
    assert complaint in ended.stdout
    assert ended.returncode == (1 if complaint else 0)


def test_a_server_ends_with_its_tests_even_if_they_are_killed(
    installed: Installed, models: Path, project: Path
) -> None:
    (project / "test_kill.py").write_text(
        "import time\ndef test_wait(lookalike):\n    print('URL', lookalike.url, flush=True)\n    time.sleep(60)\n"
    )
    environ = environment(LOOKALIKE_MODELS=str(models))
    with subprocess.Popen(
        [str(part) for part in command(installed, "kill")], cwd=project, env=environ, text=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        port = int(next(line for line in process.stdout if "URL" in line).rsplit(":", 1)[1])
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _listens(port):
        assert time.monotonic() < deadline, "the server outlived its tests"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        return True  # it is just about to stop
    return True
