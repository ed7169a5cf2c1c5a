"""The wheel, built and installed as a person would, but for its dependencies: those of this environment are shared."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Installed:
    """A virtual environment with Lookalike in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        return self.folder / "bin" / "lookalike"

    def run(
        self, *command: str | Path, cwd: Path, check: bool = True, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with nothing of this process's environment but its PATH and HOME."""
        return subprocess.run(
            command, cwd=cwd, check=check, text=True, capture_output=True, timeout=240, env=environment(**environ)
        )


def environment(**environ: str) -> dict[str, str]:
    """A person's environment, who has set nothing."""
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"} | environ


def build(folder: Path) -> Path:
    """The wheel of this checkout, in `folder`."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("lookalike-*.whl")
    return wheel


def install(folder: Path) -> Installed:
    """A fresh environment in `folder` with the wheel, and the packages of this one to draw on.

    `chalicelib` is not among them: the line of this environment that leads to the checkout holds here alone.
    """
    wheel = build(folder / "dist")
    installed = Installed(folder / "venv")
    _run(sys.executable, "-m", "venv", "--without-pip", str(installed.folder))
    site = Path(_run(str(installed.python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    _run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(installed.python),
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        str(wheel),
    )
    return installed


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True, timeout=240).stdout
