"""What moto holds, kept in a data directory: written before a request that changed it is answered, read at the start.

DynamoDB's items and S3's objects are kept one by one; KMS, SNS and IAM whole, since they are small. SQS is whole too,
but kept once a second while it changes: a message is worth less than a sync. The sessions of STS are not kept.

A message that tells of a write is kept with it, or neither is: `telling`.
"""

from __future__ import annotations

import gc
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from ...errors import SetupError
from ...telemetry import logger
from .objects import KeptObjects
from .rows import Rows, owned
from .sealing import SEPARATOR, Row
from .state import Changes, State, StateError
from .tables import KeptTables

LATER_SECONDS = 1.0
"""How long a change of SQS may wait to be kept."""

_WHOLE = ("kms", "sns", "iam", "sqs")
_READS = (
    *("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Head"),
    *("Encrypt", "Decrypt", "ReEncrypt", "Generate", "Sign", "Verify"),
)
_MESSAGES = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "Publish")


def forget_touched(service: str) -> None:
    """Let moto's DynamoDB or S3 remember anew what is touched."""
    for backends in (dynamodb_backends, s3_backends):
        if backends.service_name == service:
            for _, backend in owned(cast("BackendDict[Any]", backends)):
                backend.touched.clear()


class Keeper:
    """Keeps moto's state in a directory; moto is given what is there when this is made."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rows = Rows(state)
        self._tables = KeptTables(state, self._rows)
        self._objects = KeptObjects(self._rows)
        self._later: threading.Timer | None = None
        self._comparing = threading.Lock()
        self._tellers: set[int] = set()
        gc.disable()  # it would walk through all that is restored, again and again: half of the time
        try:
            self._restore()
        except (pickle.UnpicklingError, AttributeError, EOFError, KeyError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise SetupError(
                f"the state in {state.folder} cannot be read ({reason}) and was left as it is: run the version of "
                "Lookalike that wrote it, or name another directory with --data-dir"
            ) from error
        finally:
            gc.enable()

    def submit(self, service: str, operation: str) -> Changes | None:
        """Put what the operation may have changed in line, before another request of the service is handled.

        What it returns is to be given to `settle` outside all locks.
        """
        if operation.startswith(_READS):
            return None
        changes = Changes()
        try:
            self._collect(service, operation, changes)
            if service == "dynamodb" and threading.get_ident() in self._tellers:
                return self._with_messages(changes)
        except pickle.PicklingError as error:
            raise StateError(str(error)) from error
        if not changes.values and not changes.emptied:
            return None
        self._state.submit(changes)
        return changes

    @contextmanager
    def telling(self) -> Iterator[None]:
        """While entered, what this thread publishes to queues is kept with its next write to DynamoDB and not before.

        So a kill leaves both or neither, and who finds neither may publish again. A queue that somebody makes or
        changes at that moment is kept with all messages there are, since that cannot wait.
        """
        self._tellers.add(threading.get_ident())
        try:
            yield
        finally:
            self._tellers.discard(threading.get_ident())

    def settle(self, changes: Changes) -> None:
        """Wait until the changes are kept. Raises StateError where they are not."""
        self._state.settle(changes)

    def close(self) -> None:
        """Keep what waits and let the directory go."""
        if self._later is not None:
            self._later.cancel()
        self._queues()
        self._state.close()

    def _collect(self, service: str, operation: str, changes: Changes) -> None:
        if service == "dynamodb":
            self._tables.collect(operation, changes)
        elif service == "s3":
            self._objects.collect(changes)
            self._soon()  # its events may have gone to a queue
        elif operation.startswith(_MESSAGES):
            self._soon()
        elif service == "sqs":
            self._queues()
        elif service in _WHOLE:
            self._whole(service, changes)

    def _restore(self) -> None:
        self._tables.restore()
        self._objects.restore()
        for service in _WHOLE:
            for row, backend in self._rows.read(service, "backend", compared=True):
                account, region = row.owner.split(SEPARATOR)
                _backends(service)[account][region] = backend
        forget_touched("s3")

    def _whole(self, service: str, changes: Changes) -> None:
        for owner, backend in owned(_backends(service)):
            self._rows.compare(changes, Row(service, owner, "backend", ""), backend)

    def _soon(self) -> None:
        if self._later is None or self._later.finished.is_set():
            self._later = threading.Timer(LATER_SECONDS, self._queues_later)
            self._later.daemon = True
            self._later.start()

    def _queues_later(self) -> None:
        if self._tellers:
            self._later = None
            self._soon()
        else:
            self._queues()

    def _queues(self) -> None:
        """Keep SQS as it is now."""
        changes = self._with_messages(Changes())
        try:
            self._state.settle(changes)
        except StateError as error:
            logger.error("%s", error)

    def _with_messages(self, changes: Changes) -> Changes:
        """Submit the changes with SQS as it is now."""
        with self._comparing:
            while True:
                with suppress(RuntimeError):  # a queue changed size while it was read
                    self._whole("sqs", changes)
                    break
            self._state.submit(changes)
        return changes


def _backends(service: str) -> BackendDict[Any]:
    return get_backend(cast("Any", service))
