"""How what takes long tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told a task (a file's name, or `build` and a model's name), how much of it is done, and how much there is.

A file is counted in bytes, a build is one. Calls come from several threads.
"""
