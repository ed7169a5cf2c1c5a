"""Every example of docs/testing.md: the Python as one file of tests, the JSON as a script."""

from __future__ import annotations

import json
import re
from pathlib import Path

from chalicelib.wire.scripting import Script
from tests.wheel import ROOT, Installed

PAGE = (ROOT / "docs" / "testing.md").read_text()


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found


def test_its_python_runs(installed: Installed, models: Path, tmp_path: Path, astronaut: bytes) -> None:
    (tmp_path / "photo.jpg").write_bytes(astronaut)
    (tmp_path / "test_page.py").write_text("\n\n".join(blocks("python")))
    plugins = ("-p", "no:cacheprovider", "-p", "no:randomly")
    ended = installed.run(
        installed.python, "-m", "pytest", "-q", *plugins, cwd=tmp_path, check=False, LOOKALIKE_MODELS=str(models)
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tests = PAGE.count("\ndef test_")
    assert f"{tests} passed" in ended.stdout


def test_its_script_can_be_put_in_force() -> None:
    (text,) = blocks("json")
    script = Script()
    script.load(json.loads(text))
    assert len(script.told()["Rules"]) == text.count("Operation")


def test_it_names_every_rule_and_option() -> None:
    from chalicelib.testing.scripting import Rule

    effects = {name for name in vars(Rule) if not name.startswith("_")}
    assert effects == set(re.findall(r"`\.(\w+)\(", PAGE))
    plugin = (ROOT / "chalicelib" / "testing" / "plugin.py").read_text()
    assert set(re.findall(r"--lookalike-[a-z-]+", plugin)) == set(re.findall(r"--lookalike-[a-z-]+", PAGE))
