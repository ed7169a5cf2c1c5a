"""Model packs: built from pinned sources by one command, checked, and there whole or not at all.

A model that is right already is left alone and an archive that is fetched already is not fetched again, so a run that
was interrupted loses at most the files that it was in the middle of.

The price: a built pack is taken at the word of its stamp (`stamps`), so that `pull` of it costs milliseconds. Damage
that leaves a file's size and time as they were is found by `verify`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError
from . import files, stamps
from .manifest import Manifest, Model, Pack
from .progress import Progress


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
        """Whether every model of it is there as the manifest says."""
        return all(model.state == "built" for model in self.models)

    @property
    def bytes(self) -> int:
        """The size of its models, built."""
        return sum(model.model.bytes for model in self.models)


def list_packs(into: Path, manifest: Manifest | None = None) -> list[Listing]:
    """All packs of the manifest, and how their models stand in the folder `into`; few or none are read."""
    manifest = manifest or Manifest.load()
    listings = []
    for name, pack in manifest.packs.items():
        models = manifest.of(name)
        states = _states(into / name, models, stamps.right(into / name, models))
        listings.append(Listing(name, pack, states))
    return listings


def verify(into: Path, pack: str | None = None, manifest: Manifest | None = None) -> list[State]:
    """Read and sum every model of `pack`, or of every pack that has a folder in `into`.

    A pack with damage loses its stamp, so that the next `pull` builds what is damaged anew.
    """
    manifest = manifest or Manifest.load()
    states: list[State] = []
    for name in [pack] if pack else [name for name in manifest.packs if (into / name).is_dir()]:
        models = manifest.of(name)
        right = stamps.summed(into / name, models)
        if len(right) < len(models):
            stamps.remove(into / name)
        states += _states(into / name, models, right)
    return states


def _states(folder: Path, models: Mapping[str, Model], right: Collection[str]) -> tuple[State, ...]:
    def state(name: str) -> str:
        if name in right:
            return "built"
        return "damaged" if stamps.path(folder, name).exists() else "missing"

    return tuple(State(name, model, state(name)) for name, model in models.items())


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
    from .building import Building  # it takes a tenth of a second, which a built pack does not owe

    with files.locked(into):
        right = stamps.right(into / pack, models)
        missing = {name: model for name, model in models.items() if name not in right}
        building = Building(into / pack, into / ".downloads" / pack, manifest.sources, mirror, progress)
        building.require_room(missing, free)
        try:
            building.build_all(missing)
        finally:
            stamps.write(into / pack, models, stamps.right(into / pack, models))
        shutil.rmtree(building.downloads)
    return list(missing)


def _require_acceptance(name: str, pack: Pack, accepted: str | None) -> None:
    if pack.accept and accepted != pack.accept:
        raise SetupError(
            f"the pack {name} is licensed under {pack.accept}, which asks more of you than the other packs do: "
            f"read it, then run `lookalike models pull {name} --accept-licence {pack.accept}`"
        )
