"""The models, opened when first asked for and then shared by all threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray

from ..errors import SetupError
from .catalog import pack_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

T = TypeVar("T")
R = TypeVar("R")

_ON_ONE_THREAD = frozenset({"efficientnet_lite0", "expressions", "face_mesh", "fastestdet", "selfie_segmentation"})
"""Models of many small steps, at whose ends the threads of a run wait for each other: on two threads one picture takes
as long as on one or longer (a mesh 3.8 ms and 2.9), eight views of a picture 44 ms, and 37 as two runs side by side."""


class Sessions:
    """Runs a model by its name in the manifest.

    >>> Sessions(Path("models/packs")).run("centerface", {"input": pixels})  # doctest: +SKIP
    """

    def __init__(self, models: Path, threads: int = 0) -> None:
        """`models` is the folder of built packs, `threads` what one run may use (0: as many as there are cores)."""
        self._models = models
        cores = os.cpu_count() or 1
        self._threads = threads or cores
        self._workers = ThreadPoolExecutor(max(cores, self._threads), "vision")  # for the runs of all callers
        self._open: dict[str, InferenceSession] = {}
        self._lock = threading.Lock()

    def run(self, model: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs of `model`, in its own order. Releases the GIL while it computes."""
        outputs: list[NDArray[Any]] = self.session(model).run(None, dict(feeds))
        return outputs

    def spread(self, look: Callable[[Sequence[T]], R], items: Sequence[T], most: int) -> list[R]:
        """What `look` gives for each part of one or more `items`, in their order, looked at side by side.

        There are as many parts as threads, or more, so that none has more than `most` items. For models that run on one
        thread each. `look` must not spread again: it would wait for itself.
        """
        count = min(len(items), max(self._threads, -(-len(items) // most)))
        parts = [items[start:end] for start, end in pairwise(len(items) * part // count for part in range(count + 1))]
        return [look(parts[0])] if count == 1 else list(self._workers.map(look, parts))

    def available(self, model: str) -> bool:
        """Whether a pack that holds `model` has been built."""
        return self.path(model) is not None

    def session(self, model: str) -> InferenceSession:
        """The open session; raises SetupError when its pack has not been built."""
        if (found := self._open.get(model)) is not None:
            return found
        with self._lock:
            if model not in self._open:
                self._open[model] = self._load(model)
            return self._open[model]

    def loaded(self) -> list[str]:
        """The models opened so far."""
        return sorted(self._open)

    def path(self, model: str) -> Path | None:
        """The built file of `model`, None where no pack that holds it has been built."""
        return next(iter(sorted(self._models.glob(f"*/{model}.onnx"))), None)

    def _load(self, model: str) -> InferenceSession:
        path = self.path(model)
        if path is None:
            raise SetupError(
                f"the model {model} is not in {self._models}: run `lookalike models pull {pack_of(model)}`"
            )
        # onnxruntime 1.31 keeps a record of its use in ~/.cache/Microsoft and sends it there, unless told not to.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime  # costs .2 s, so not before a model is needed

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1 if model in _ON_ONE_THREAD else self._threads
        # Threads that spin while they wait take the cores from the other requests: with two callers on two
        # busy cores a face took 160 ms of processor time spinning, 66 ms not, as much as on one thread.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own unexported classes
            raise SetupError(
                f"the model file {path} is damaged: remove it and run `lookalike models pull {pack_of(model)}`"
            ) from error
