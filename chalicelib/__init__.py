"""Amazon Rekognition on your own machine.

Folders are layers; each may import what stands to its right, and nothing else (import-linter keeps it so):

    testing > local > evaluation, modelkit, audit > wire > operations > uploads, backend > jobs
        > vision, store, search > telemetry > config > errors

File names are families: `faces.py` in operations, store and vision is one subject through the layers. A request for
DetectFaces goes through `wire.gateway.answer` (read, validate, dispatch, write), `operations.images.detect_faces`,
`Backend.picture`, `vision.faces.Faces.detect`, and back through `operations.details`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .testing.mock import mock_rekognition
    from .testing.scripting import script
    from .wire.rules import ScriptError

__all__ = ["ScriptError", "__version__", "mock_rekognition", "script"]

__version__ = "0.1.0"

_HOMES = {"ScriptError": ".wire.rules", "mock_rekognition": ".testing.mock", "script": ".testing.scripting"}


def __getattr__(name: str) -> Any:
    """What tests use, imported when first asked for: servers have no need of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
