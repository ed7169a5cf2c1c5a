"""Who is trained on and who is not: decided by a person's name, so that it never changes."""

from __future__ import annotations

import hashlib


def held_out(person: str) -> bool:
    """Whether a person (or, where nobody is named, a photo) is kept for measuring: one in four."""
    return hashlib.sha256(person.encode()).digest()[0] < 64
