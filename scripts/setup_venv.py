"""Make `.venv`: install the pinned requirements, saying what goes on, and put the checkout on its path.

Run by `make setup` with the newcomer's own Python; nothing but the standard library is there yet.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LAUNCHER = """#!/bin/sh
exec "{python}" -m chalicelib "$@"
"""


def main() -> None:
    if not (PYTHON.exists() and (VENV / "bin" / "pip").exists()):  # none yet, or one that was not finished
        say(f"making .venv with Python {sys.version.split()[0]}")
        try:
            venv.create(VENV, with_pip=True, clear=True, symlinks=True)
        except subprocess.CalledProcessError:
            sys.exit("Lookalike: this Python cannot make virtual environments; on Debian: apt install python3-venv")
    install()
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV), "platbase": str(VENV)}))
    # The checkout itself is on the path, so that `chalicelib` and `app` are the files you edit.
    (site / "checkout.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "lookalike"
    command.write_text(LAUNCHER.format(python=PYTHON))
    command.chmod(0o755)
    (VENV / "ready").touch()


def install() -> None:
    """pip, with its many lines folded into one that moves; all of them where it fails."""
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-color", "--progress-bar", "off"]
    lines: list[str] = []
    with subprocess.Popen(
        [*map(str, command), "-r", str(ROOT / "requirements-dev.txt")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as pip:
        assert pip.stdout is not None
        for number, package in enumerate(packages(pip.stdout, lines), 1):
            if sys.stdout.isatty():
                say(f"installing [{'#' * min(number // 2, 30):<30}] {number} packages, {package:<40}", over=True)
            elif number % 20 == 1:
                say(f"installing: {number} packages, {package}")
    if pip.returncode:
        sys.exit("\n".join([*lines[-20:], "Lookalike: pip could not install the requirements; see the lines above."]))
    say("installed" + " " * 80)


def packages(output: Iterator[str], lines: list[str]) -> Iterator[str]:
    """The packages as pip meets them; `lines` keeps all it said."""
    for line in output:
        lines.append(line.rstrip())
        word, _, rest = line.strip().partition(" ")
        if word == "Collecting":
            yield re.split(r"[ <>=!~;\[]", rest)[0]
        if line.startswith("Installing collected"):
            yield "unpacking"


def say(text: str, over: bool = False) -> None:
    """One line of progress, over the last one on a terminal."""
    print(f"Lookalike: {text}", end="\r" if over else "\n", flush=True)


main()
