"""Model packs: built from pinned sources by one command, checked, and there whole or not at all.

`pull` fetches the sources of a pack side by side, converts each model as soon as its source is there, and writes it
under its own name when its sum is right. A model that is right already is left alone, an archive that is fetched
already is not fetched again, so an interrupted run loses at most the files it was in the middle of.

The price: a built pack is taken at the word of its stamp (`stamps`), so that `pull` of it costs milliseconds. Damage
that leaves a file's size and time as they were is found by `verify`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError
from . import files, sources, stamps
from .manifest import Manifest, Model, Pack, Source
from .pip import Progress

FETCHERS = 4
"""Sources fetched at once: pip spends more time starting than loading."""


@dataclass(frozen=True, slots=True)
class State:
    """How a model stands on this machine."""

    name: str
    model: Model
    state: str
    """built, missing or damaged."""


@dataclass(frozen=True, slots=True)
class Listing:
    """How a pack stands on this machine."""

    name: str
    pack: Pack
    models: tuple[State, ...]

    @property
    def built(self) -> bool:
        return all(model.state == "built" for model in self.models)

    @property
    def bytes(self) -> int:
        """The size of its models, built."""
        return sum(model.model.bytes for model in self.models)


def list_packs(into: Path, manifest: Manifest | None = None) -> list[Listing]:
    """All packs of the manifest, and whether their models lie in the folder `into`; no model is read."""
    manifest = manifest or Manifest.load()
    listings = []
    for name, pack in manifest.packs.items():
        models = manifest.of(name)
        built = stamps.vouched(into / name, models)
        states = (State(each, model, "built" if each in built else "missing") for each, model in models.items())
        listings.append(Listing(name, pack, tuple(states)))
    return listings


def verify(into: Path, pack: str | None = None, manifest: Manifest | None = None) -> list[State]:
    """Read and sum every model of `pack`, or of every pack that has a folder in `into`.

    A pack with damage loses its stamp, so that the next `pull` builds what is damaged anew.
    """
    manifest = manifest or Manifest.load()
    names = [pack] if pack else [name for name in manifest.packs if (into / name).is_dir()]
    return [state for name in names for state in _verified(into / name, manifest.of(name))]


def _verified(folder: Path, models: Mapping[str, Model]) -> Iterator[State]:
    right = stamps.summed(folder, models)
    if len(right) < len(models):
        stamps.remove(folder)
    for name, model in models.items():
        wrong = "damaged" if stamps.path(folder, name).exists() else "missing"
        yield State(name, model, "built" if name in right else wrong)


def pull(
    pack: str,
    into: Path,
    *,
    mirror: str | None = None,
    accept_licence: str | None = None,
    progress: Progress = lambda task, done, total: None,
    manifest: Manifest | None = None,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> list[str]:
    """Build what is missing of `pack` in the folder `into`; return the names of the models built now.

    `mirror` is a folder that holds the archives or the bare models, or an address below which the archives lie.
    `progress` is called from several threads. `free` tells the bytes left on the disk of a folder.
    Raises SetupError, in one line that says what to do, where the pack is unknown, its licence has not been accepted,
    there is no network or no room, or a file is not the pinned one. What could be built stays.
    """
    manifest = manifest or Manifest.load()
    models = manifest.of(pack)
    if len(stamps.vouched(into / pack, models)) == len(models):
        return []
    _require_acceptance(pack, manifest.packs[pack], accept_licence)
    with files.locked(into):
        right = stamps.right(into / pack, models)
        missing = {name: model for name, model in models.items() if name not in right}
        work = _Work(into / pack, into / ".downloads" / pack, manifest.sources, mirror, progress)
        work.require_room(missing, free)
        try:
            work.build_all(missing)
        finally:
            stamps.write(into / pack, models, stamps.right(into / pack, models))
        shutil.rmtree(work.downloads)
    return list(missing)


def _require_acceptance(name: str, pack: Pack, accepted: str | None) -> None:
    if pack.accept and accepted != pack.accept:
        raise SetupError(
            f"the pack {name} is licensed under {pack.accept}, which asks more of you than the other packs do: "
            f"read it, then run `lookalike models pull {name} --accept-licence {pack.accept}`"
        )


@dataclass(frozen=True, slots=True)
class _Work:
    """A pack being built."""

    folder: Path
    downloads: Path
    published: Mapping[str, Source]
    mirror: str | None
    progress: Progress

    def require_room(self, models: Mapping[str, Model], free: Callable[[Path], int]) -> None:
        """An archive is there twice for a moment: as pip's own copy and as ours."""
        needed = sum(model.bytes for model in models.values())
        if not self.mirror or sources.is_address(self.mirror):
            archives = [self.published[name] for name in {model.source for model in models.values()}]
            needed += sum(2 * each.bytes for each in archives if not (self.downloads / each.file).is_file())
        with files.told(self.downloads):
            self.downloads.mkdir(parents=True, exist_ok=True)
        if free(self.downloads) < needed:
            raise SetupError(f"the disk of {self.folder} has too little room: it takes {needed / 1e6:.0f} MB")

    def build_all(self, models: Mapping[str, Model]) -> None:
        """Build each source's models when it has come; one that fails does not keep the others from being built."""
        failures: list[SetupError] = []
        with ThreadPoolExecutor(FETCHERS) as pool:
            for future, its in self._fetch_all(models, pool):
                try:
                    self._build(its, future.result())
                except SetupError as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    def _fetch_all(
        self, models: Mapping[str, Model], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[Future[Mapping[str, bytes]], Mapping[str, Model]]]:
        """What each source holds, as it comes, with the models it is for. The largest are begun first."""
        waiting = {}
        for name in sorted({model.source for model in models.values()}, key=lambda name: -self.published[name].bytes):
            its = {each: model for each, model in models.items() if model.source == name}
            task = pool.submit(
                sources.read, self.published[name], its.values(), self.downloads, self.mirror, self.progress
            )
            waiting[task] = its
        for future in as_completed(waiting):
            yield future, waiting[future]

    def _build(self, models: Mapping[str, Model], found: Mapping[str, bytes]) -> None:
        from .convert import build  # imports onnx, which a built pack does not need

        for name, model in models.items():
            self.progress(f"build {name}", 0, 1)
            data = build(model, found[model.member])
            if hashlib.sha256(data).hexdigest() != model.sha256:
                raise SetupError(f"{name} came out other than pinned: install the onnx of requirements-dev.txt")
            files.write(stamps.path(self.folder, name), data)
            self.progress(f"build {name}", 1, 1)
