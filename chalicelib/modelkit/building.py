"""A pack being built: its sources fetched side by side, each model converted as soon as its source has come."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError
from . import files, sources, stamps
from .convert import build
from .manifest import Model, Source
from .progress import Progress

FETCHERS = 6
"""Sources fetched at once, all of the core pack's: pip spends more time starting, or waiting, than loading."""


@dataclass(frozen=True, slots=True)
class Building:
    """Where a pack is built, and what of."""

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
        for name, model in models.items():
            self.progress(f"build {name}", 0, 1)
            data = build(model, found[model.member])
            if hashlib.sha256(data).hexdigest() != model.sha256:
                raise SetupError(f"{name} came out other than pinned: install the onnx of requirements-dev.txt")
            files.write(stamps.path(self.folder, name), data)
            self.progress(f"build {name}", 1, 1)
