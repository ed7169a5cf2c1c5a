"""All of moto's state forgotten in a millisecond or two, but for what Lookalike itself stands on.

Its own tables and queues are emptied and stay: a worker that waits on a queue goes on waiting, and nothing is made anew
(making six tables takes 20 ms).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import DynamoDBBackend
from moto.sqs.models import SQSBackend


def wipe(account: str, prefix: str, queues: Collection[str]) -> None:
    """Forget everything but the tables of `account` that begin with `prefix` and its `queues`, which are emptied.

    No request of moto may be under way, except for messages waited for.
    """
    for backends in list(BackendDict._instances):  # type: ignore[misc]  # of any service
        for owner, regions in list(backends.items()):
            for region, backend in list(regions.items()):
                own = owner == account
                if backends.service_name == "dynamodb":
                    _wipe_tables(cast("DynamoDBBackend", backend), prefix if own else None)
                elif backends.service_name == "sqs":
                    _wipe_queues(cast("SQSBackend", backend), queues if own else ())
                else:
                    _wipe(backends, region, backend)


def _wipe_tables(backend: DynamoDBBackend, prefix: str | None) -> None:
    kept = {} if prefix is None else {name: table for name, table in backend.tables.items() if name.startswith(prefix)}
    backend.reset()
    for table in kept.values():
        table.items.clear()
    backend.tables.update(kept)


def _wipe_queues(backend: SQSBackend, kept: Collection[str]) -> None:
    for name, queue in list(backend.queues.items()):
        if name in kept:
            queue.last_purged_at = None  # moto allows it once a minute, as AWS does
            backend.purge_queue(name)
        else:
            del backend.queues[name]


def _wipe(backends: BackendDict[Any], region: str, backend: Any) -> None:
    backend.reset()
    if backends.service_name == "s3":
        cast("Any", get_backend("s3")).bucket_accounts.clear()  # whose name each bucket is, in all accounts
