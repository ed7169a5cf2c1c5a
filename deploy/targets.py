"""What Lambda runs, and the wheels for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHONS = ("3.12", "3.13")
ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's names, and the wheels'."""
_PLATFORMS = ("manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28", "manylinux_2_34")
"""Lambda's Python 3.12 and later run on Amazon Linux 2023, whose glibc is 2.34."""


class BuildError(Exception):
    """What a person must mend before there is a package."""


@dataclass(frozen=True, slots=True)
class Target:
    """A Python and a processor."""

    python: str
    """Such as 3.13."""
    architecture: str
    """x86_64 or arm64."""

    def __str__(self) -> str:
        return f"{self.python}-{self.architecture}"

    @property
    def native(self) -> bool:
        """Whether this machine's processor runs it."""
        return os.uname().machine in (self.architecture, ARCHITECTURES[self.architecture])


TARGETS = tuple(Target(python, architecture) for python in PYTHONS for architecture in ARCHITECTURES)


def fetch(target: Target, requirements: Sequence[str], into: Path, *, dependencies: bool = True) -> None:
    """Install wheels for `target` into a folder, with pip; raises BuildError where there is none.

    `requirements` are what pip takes: names with versions, or `-r` and a file.
    """
    wheels = ARCHITECTURES[target.architecture]
    platforms = [f"--platform={platform}_{wheels}" for platform in _PLATFORMS]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(into)]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={target.python}", *platforms]
    if not dependencies:
        command.append("--no-deps")
    done = subprocess.run([*command, *requirements], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"pip found no wheels of {' '.join(requirements)} for {target}:\n{done.stderr.strip()}")


def interpreter(version: str) -> Path | None:
    """A Python of that version on this machine, None where there is none."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return Path(sys.executable)
    installed = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"))
    if installed:  # before the PATH, on which pyenv puts names of what is not active
        return installed[-1]
    found = shutil.which(f"python{version}")
    return Path(found) if found else None
