"""What an operation is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .config import Settings


@dataclass(frozen=True, slots=True)
class Backend:
    """One account in one region: what an operation may read, run and change."""

    settings: Settings
    clock: Callable[[], datetime]
