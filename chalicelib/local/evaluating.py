"""Evaluations, run through the operations that a client calls, without a port."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from .. import evaluation
from ..config import Settings
from ..errors import SetupError
from ..wire import gateway
from .progress import Report
from .world import World


def subjects() -> list[str]:
    """What can be evaluated: the modules that have a `run`."""
    names = (module.name for module in pkgutil.iter_modules(evaluation.__path__))
    return [name for name in names if hasattr(importlib.import_module(f"{evaluation.__name__}.{name}"), "run")]


def evaluate(subject: str, data: Path, settings: Settings, progress: Report) -> dict[str, Any]:
    """What `evaluation.<subject>.run` measures on `data`. Raises SetupError for a subject there is not."""
    if subject not in subjects():
        raise SetupError(f"there is no evaluation of {subject}: choose from {', '.join(subjects())}")
    with World(settings) as world:

        def call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            return gateway.call(operation, parameters, world.backend)

        measured: dict[str, Any] = importlib.import_module(f"{evaluation.__name__}.{subject}").run(data, call, progress)
        return measured
