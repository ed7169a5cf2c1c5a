"""What the clock erases: faces whose time is over, jobs after their week, what deleted collections left behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ..errors import ResourceNotFoundException
from ..store.tables import Head
from ..telemetry import logger
from . import policy, work

if TYPE_CHECKING:
    from ..backend import Backend

T = TypeVar("T")


def sweep(backend: Backend, seconds: float = 5.0) -> dict[str, int]:
    """Erase what is over, each collection by itself; for `seconds` at most also what deleted ones left behind.

    Returns how many faces of which collection were erased. Raises ExceptionGroup where something failed, after
    everything else is done; the next sweep tries it again.
    """
    failures: list[Exception] = []

    def tried(what: str, step: Callable[[], T]) -> T | None:
        try:
            return step()
        except Exception as error:  # whatever it is, the next collection shall be swept
            logger.warning("%s could not be swept, and is tried again: %r", what, error, exc_info=error)
            failures.append(error)
            return None

    heads = tried("the list of collections", lambda: list(backend.store.collections.all())) or []
    swept = {head.id: tried(f"the collection {head.id}", partial(_expired, head, backend)) for head in heads}
    tried("expired jobs", partial(work.sweep, backend))
    tried("what deleted collections left", partial(backend.store.collections.sweep, seconds=seconds))
    erased = {collection: faces for collection, faces in swept.items() if faces}
    for collection, faces in erased.items():
        logger.info("%d expired faces of %s were erased", faces, collection)
    if failures:
        raise ExceptionGroup("not all that is over could be erased", failures)
    return erased


def _expired(head: Head, backend: Backend) -> int:
    with suppress(ResourceNotFoundException):  # deleted meanwhile, and its faces with it
        return policy.expire(head, backend)
    return 0
