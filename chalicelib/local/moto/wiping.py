"""All of moto's state forgotten in a millisecond or two, but for what Lookalike itself stands on.

Its own tables and queues are emptied and stay: a worker that waits on a queue goes on waiting, and nothing is made anew
(making six tables takes 20 ms).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from moto.core.base_backend import BackendDict
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.sqs.models import SQSBackend


def tables_of(account: str, region: str) -> frozenset[str]:
    """The names of the tables that are there now."""
    return frozenset(dynamodb_backends[account][region].tables)


def wipe(account: str, tables: Collection[str], queues: Collection[str], spared: str) -> None:
    """Forget everything but these tables and queues of `account`, which are emptied, and the table `spared`.

    No request of moto may be under way, except for messages waited for.
    """
    for backends in list(BackendDict._instances):  # type: ignore[misc]  # of any service
        for owner, regions in list(backends.items()):
            for backend in list(regions.values()):
                own = owner == account
                if backends.service_name == "dynamodb":
                    _wipe_tables(cast("DynamoDBBackend", backend), tables if own else (), spared)
                elif backends.service_name == "sqs":
                    _wipe_queues(cast("SQSBackend", backend), queues if own else ())
                else:
                    backend.reset()


def _wipe_tables(backend: DynamoDBBackend, names: Collection[str], spared: str) -> None:
    kept = {name: table for name, table in backend.tables.items() if name in names}
    backend.reset()
    for name, table in kept.items():
        if name != spared:
            table.items.clear()
    backend.tables.update(kept)


def _wipe_queues(backend: SQSBackend, kept: Collection[str]) -> None:
    for name, queue in list(backend.queues.items()):
        if name in kept:
            queue.last_purged_at = None  # moto allows it once a minute, as AWS does
            backend.purge_queue(name)
        else:
            del backend.queues[name]
