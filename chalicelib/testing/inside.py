"""Rekognition inside the user's moto: it reads the user's mocked S3, and moto's reset wipes what it holds.

One `Inside` an account and region serves the whole process; all it remembers lies in moto. Collections and jobs are in
tables of an account of their own, so that the user's ListTables and ListBuckets tell nothing of them. A video job runs
while it is started, and is done when Start returns: no thread outlives a test.
"""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.authorization import disable_iam_authentication
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from ..backend import Backend, Vision, build
from ..config import Settings
from ..jobs.queue import Desk
from ..jobs.worker import Worker
from ..local.moto.session import address, stubbed_session
from ..operations.work import tasks
from ..store.vault import LocalKeys, new_key
from ..vision.sessions import Sessions

_COMPLEMENT = str.maketrans("0123456789", "9876543210")


class Inside:
    """Rekognition of one account and region of moto's."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._own = account.translate(_COMPLEMENT)
        """The account of our tables."""
        self._moto = BotocoreStubber()
        self._moto.enabled = True
        self._turn = threading.RLock()  # moto's read-modify-write is not thread-safe
        self._tables: dict[str, Any] = {}
        self._settings = msgspec.structs.replace(
            Settings.from_environ(),
            account=account,
            region=region,
            bucket=f"lookalike-results-{self._own}-{region}",
            kms_key="",
            key_file=None,
        )
        self._backend = self._built()

    def backend(self) -> Backend:
        """The backend, on tables that stand, be they empty because moto was reset."""
        with self._turn:
            tables = dynamodb_backends[self._owner][self._region].tables
            if f"{self._settings.table_prefix}-jobs" not in tables:
                self._stand(tables)
        return self._backend

    @property
    def _owner(self) -> str:
        return os.environ.get("MOTO_ACCOUNT_ID") or self._own  # which moto puts before all else

    def _built(self) -> Backend:
        session = stubbed_session(self._region, self._send)
        backend = build(self._settings, session, LocalKeys([new_key()]))
        desk = _Desk(backend.store.jobs, session, self._region, self._settings.queue)
        backend = replace(backend, jobs=desk, vision=_vision(self._settings.models, self._settings.threads))
        desk.worker = Worker(desk, tasks(backend))
        return backend

    def _stand(self, tables: dict[str, Any]) -> None:
        """Make the tables and the bucket: tables by DynamoDB's API once, which takes 30 ms, then the same, emptied."""
        if self._tables:
            for table in self._tables.values():
                table.items.clear()
            tables |= self._tables
        else:
            before = set(tables)
            self._backend.store.create_tables()
            self._tables = {name: table for name, table in tables.items() if name not in before}
        s3 = s3_backends[self._owner][get_partition(self._region)]
        if self._settings.bucket not in s3.buckets:
            s3.create_bucket(self._settings.bucket, self._region)

    def _send(self, event_name: str, request: AWSPreparedRequest, **context: Any) -> AWSResponse:
        _, service, _ = event_name.split(".")
        ours = service == "dynamodb" or f"/{self._settings.bucket}/" in request.url
        address(request, self._own if ours else self._account, self._region, service)
        with self._turn, disable_iam_authentication():  # whoever calls Rekognition was let in already
            response: AWSResponse = self._moto(event_name, request, **context)
        return response


class _Desk(Desk):
    """Does a job where others would queue it."""

    worker: Worker

    def send(self, job_id: str) -> None:
        self.worker.run(job_id)


@cache
def inside(account: str, region: str) -> Inside:
    """Rekognition of that account and region; kept, since its clients take 20 ms to make."""
    return Inside(account, region)


@cache
def _vision(models: Path, threads: int) -> Vision:
    """The models, which are the same for all accounts, and take a second to load."""
    return Vision(Sessions(models, threads))
