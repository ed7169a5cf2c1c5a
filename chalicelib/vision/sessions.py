"""The models, opened when first asked for and then shared by all threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..errors import SetupError
from .catalog import pack_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class Sessions:
    """Runs a model by its name in the manifest.

    >>> Sessions(Path("models/packs")).run("centerface", {"input": pixels})  # doctest: +SKIP
    """

    def __init__(self, models: Path, threads: int = 0) -> None:
        """`models` is the folder of built packs, `threads` what one run may use (0: as many as there are cores)."""
        self._models = models
        self._threads = threads
        self._open: dict[str, InferenceSession] = {}
        self._lock = threading.Lock()

    def run(self, model: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs of `model`, in its own order. Releases the GIL while it computes."""
        outputs: list[NDArray[Any]] = self.session(model).run(None, dict(feeds))
        return outputs

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
        options.intra_op_num_threads = self._threads
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
