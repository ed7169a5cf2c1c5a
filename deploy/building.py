"""A target's package: the function, the layer of models, the layer of video."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .targets import BuildError, Target, fetch, interpreter
from .trimming import size, trim

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist" / "lambda"
LIMIT = 240 * 10**6
"""Bytes of a function with its layers. Lambda's quota is 250 MB ("Lambda quotas", deployment package)."""
FUNCTIONS = {
    "api_handler": ("app.app", ("models",)),
    "on_upload": ("app.on_upload", ("models",)),
    "on_uploads": ("app.on_uploads", ("models",)),
    "on_job": ("app.on_job", ("models", "video")),
    "on_clock": ("app.on_clock", ()),
}
"""By Chalice's name: the handler, and the layers under /opt. Terraform deploys all but `on_upload`, which is for who
has S3 call a function itself."""
_NOT_SERVED = ("local", "evaluation", "modelkit", "__main__.py", "__pycache__")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    """What was built for a target. Each part is a folder, and a zip beside it."""

    target: Target
    folder: Path

    @property
    def function(self) -> Path:
        """Lambda's /var/task."""
        return self.folder / "function"

    def layer(self, name: str) -> Path:
        """What a layer puts under /opt."""
        return self.folder / name

    def sizes(self) -> dict[str, int]:
        """Bytes of each function with its layers, unzipped."""
        parts = {name: size([self.folder / name]) for name in ("function", "models", "video")}
        return {
            name: parts["function"] + sum(parts[layer] for layer in layers) for name, (_, layers) in FUNCTIONS.items()
        }


def built(target: Target) -> Package | None:
    """The package that was built before, if it was."""
    package = Package(target, DIST / str(target))
    return package if (package.folder / "sizes.json").exists() else None


def build(target: Target, models: Path, packs: Sequence[str] = ("core",), into: Path = DIST) -> Package:
    """Make the package of `target` with these of the packs in `models`; raises BuildError."""
    package = Package(target, into / str(target))
    shutil.rmtree(package.folder, ignore_errors=True)
    package.function.mkdir(parents=True)
    _function(package)
    _models(package.layer("models"), models, packs)
    video = package.layer("video") / "python"
    fetch(target, [_pinned("av")], video, dependencies=False)
    trim(video)
    for code in (package.function, video):
        _compile(code, target.python)
    for name, bytes_ in package.sizes().items():
        if bytes_ > LIMIT:
            raise BuildError(f"{name} for {target} takes {bytes_ / 1e6:.0f} MB with its layers, over {LIMIT / 1e6:.0f}")
    for part in ("function", "models", "video"):
        _zip(package.folder / part)
    (package.folder / "sizes.json").write_text(json.dumps(package.sizes(), indent=2) + "\n")
    return package


def _function(package: Package) -> None:
    """Our code and data, Chalice's runtime, and the libraries."""
    fetch(package.target, ["-r", str(ROOT / "requirements.txt")], package.function)
    tools = package.folder / "tools"
    fetch(package.target, [_pinned("chalice")], tools, dependencies=False)
    (package.function / "chalice").mkdir()
    for name in ("__init__.py", "app.py"):  # what `chalice package` takes, too
        shutil.copy(tools / "chalice" / name, package.function / "chalice" / name)
    shutil.rmtree(tools)
    trim(package.function)
    shutil.copy(ROOT / "app.py", package.function)
    not_served = ("local", "evaluation", "modelkit", "__main__.py", "__pycache__")
    shutil.copytree(
        ROOT / "chalicelib", package.function / "chalicelib", ignore=lambda _, names: {*not_served} & {*names}
    )
    for source in _data():
        copied = package.function / source.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copied)


def _data() -> Iterable[Path]:
    """The committed data that comes with the code, as the wheel names it."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    return [ROOT / source for source in named["force-include"] if source.startswith("models/")]


def _models(layer: Path, models: Path, packs: Sequence[str]) -> None:
    """Models with their weights in a file beside them, which onnxruntime maps into memory.

    Measured with the two models of DetectFaces: as fast as one file, and 5 MiB less.
    """
    import onnx

    for pack in packs:
        if not (files := sorted((models / pack).glob("*.onnx"))):
            raise BuildError(f"the pack {pack} is not in {models}: run `lookalike models pull {pack}`")
        into = layer / "models" / "packs" / pack
        into.mkdir(parents=True)
        for file in files:
            onnx.save(
                onnx.load(file),
                into / file.name,
                save_as_external_data=True,
                all_tensors_to_one_file=True,
                location=f"{file.stem}.weights",
                size_threshold=1024,
            )


def _pinned(name: str) -> str:
    """The requirement of that name, as pinned for the checks."""
    lines = (ROOT / "requirements-dev.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


def _compile(folder: Path, python: str) -> None:
    """Compile for `python`, where there is one: Lambda cannot write the result, and would compile at each start."""
    found = interpreter(python)
    if found is None:
        return
    # By hash, never checked: the zip keeps no times.
    options = ["-q", "-j", "2", "--invalidation-mode", "unchecked-hash", "-s", str(folder)]
    subprocess.run([str(found), "-I", "-m", "compileall", *options, str(folder)], check=True)


def _zip(folder: Path) -> None:
    """The same bytes for the same files: Terraform then sees what changed."""
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(folder)), _EPOCH)
                entry.external_attr = (0o100755 if path.suffix == ".so" else 0o100644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
