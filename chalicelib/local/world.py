"""Everything behind the port, put together: AWS, the backend of the operations, the application and its triggers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ..audit import trail
from ..backend import build
from ..config import Settings
from ..jobs.worker import Worker
from ..operations.work import tasks
from ..store.vault import LocalKeys, new_key
from ..uploads import rules
from ..wire.door import Door, claimed
from ..wire.guard import Guard
from ..wire.resources import Account
from ..wire.scripting import Script
from .application import Application, load
from .console.routes import Console
from .moto.aws import Aws
from .moto.sts import Sessions
from .moto.wiping import tables_of, wipe
from .port.admin import Admin
from .port.gate import Gate, Operator
from .port.keys import Keys, Ring
from .port.origins import Origins
from .port.rates import limited, parse
from .port.requests import RequestLog
from .port.scripts import Scripts
from .port.server import Server
from .precedence import Precedence
from .recovery import missed
from .state.keeper import Keeper
from .state.rotation import Rotation
from .state.state import State
from .sweeper import Sweeper
from .triggers import DEAD_LETTERS, Triggers
from .worker import Workers


class World:
    """One account's AWS on this machine, for as long as it is entered; `signed` lets only signed requests in."""

    def __init__(self, settings: Settings, data_dir: Path | None = None, signed: bool = False) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self.signed = signed
        self.operator = Operator.new()

    def __enter__(self) -> Self:
        rules(self._settings.upload_rules)  # wrong ones are told before anything is made
        rates = parse(self._settings.rate_limits)
        self.aws = Aws(self._settings.account, self._settings.region)
        self.state: State | None = None
        if self._data_dir is not None:
            self.state = State(self._data_dir, self._settings.sync, self._settings.key_file)
            self.aws.keeper = Keeper(self.state)
        self.backend = build(self._settings, self.aws.session, self._keys())
        self.backend.jobs.telling = self.aws.telling
        self.backend.store.create_tables()
        self._tables = tables_of(self._settings.account, self._settings.region)
        self.backend.store.collections.sweep()  # what a deletion was stopped at
        stopping = threading.Event()
        precedence = Precedence()
        audit = tuple(self._audit())
        worker = Worker(
            self.backend.jobs,
            tasks(self.backend),
            ended=tuple(kept.ended for kept in audit),
            give_way=precedence.give_way,
            stopped=stopping.is_set,
        )
        log = RequestLog()
        self.script = Script()
        account, sessions = Account(self._settings.account, self._settings.region), Sessions()
        guard = Guard(self.backend.store.access, account, sessions=sessions.find)
        gate = Gate(guard, sessions, self.operator)
        self.door = Door(
            self.script,
            limited(guard.authenticate if self.signed else claimed, rates),
            guard.permit if self.signed else None,
            observers=(log, *audit),
        )
        self.application = load(self.backend, worker, self.door)
        self.triggers = Triggers(self.application, self.aws.client("sqs"))
        self.backend.jobs.create_queue()
        self.workers = Workers(self.application, self.backend.jobs, stopping)
        self._s3 = self.aws.client("s3")
        self._buckets()
        self.aws.object_events = self.triggers
        self.backend.jobs.resume()
        self.workers.start()
        for event in missed(self._settings, self.backend.media):
            self.triggers(event)
        console = Console(
            self.backend,
            log=log,
            authenticate=self.door.authenticate,
            s3=self._s3,
            rules=rules(self._settings.upload_rules),
            troubles=self.triggers.troubles,
        )
        rotation = None
        if self.state is not None:
            rotation = Rotation(self.state, self.backend.store, self._settings.key_file)
        admin = Admin(self.backend, self._tell, rotation)
        self.sweeper = Sweeper(self.backend)
        self.sweeper.start()
        scripts = Scripts(self.script, self.reset if self._data_dir is None else None)
        self.server = Server(
            self.aws,
            self.backend,
            Application(self.application),
            self.door,
            routes=(
                Keys(Ring(self.backend.store.access), gate.own).answer,
                admin.answer,
                scripts.answer,
                console.answer,
            ),
            origins=Origins(self._settings.origins.split(), names=not self.signed),
            gate=gate if self.signed else None,
            precedence=precedence,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.sweeper.stop()
        self.workers.stop()
        self.triggers.stop()
        if self.trail is not None:
            self.trail.close()
        if self.aws.keeper is not None:
            self.aws.keeper.close()

    def reset(self) -> None:
        """Forget everything that was put here since the start, scripts too; jobs under way come to nothing."""
        self.script.reset()
        self.triggers.forget()
        with self.aws.standing_still():
            keys = self.backend.store.access.table
            wipe(self._settings.account, self._tables, (self._settings.queue, DEAD_LETTERS), keys)
            self._buckets()
        self.backend.search.forget("")
        self.backend.store.optouts.forget()

    def _tell(self, name: str, details: Mapping[str, object]) -> None:
        """Keep an event in the audit, where anything is kept."""
        if self.trail is not None:
            self.trail.event(name, details, "lookalike")

    def _audit(self) -> Iterator[trail.Trail]:
        """Who keeps the record of every call, where anything is kept."""
        self.trail = None
        if self._data_dir is not None:
            settings = self._settings
            self.trail = trail.in_directory(self._data_dir, settings.account, settings.region, sync=settings.sync)
            yield self.trail

    def _keys(self) -> LocalKeys:
        """What wraps the data keys of collections where no KMS key is named: a file beside the state, or nothing that
        outlives the process."""
        return LocalKeys([new_key()]) if self.state is None else self.state.keys

    def _buckets(self) -> None:
        """What Terraform makes on AWS."""
        there = {bucket["Name"] for bucket in self._s3.list_buckets()["Buckets"]}
        region = self._settings.region
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        for name in {self._settings.bucket, self._settings.uploads} - there:
            self._s3.create_bucket(Bucket=name, **where)
