"""Everything behind the port, put together: AWS, the backend of the operations, the application and its triggers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ..audit.trail import Trail, in_directory
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
    """One account's AWS on this machine, for as long as it is entered; `signed` lets only signed requests in.

    Raises SetupError for settings or a data directory that it cannot begin with.
    """

    def __init__(self, settings: Settings, data_dir: Path | None = None, signed: bool = False) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._rules = rules(settings.upload_rules)
        self._rates = parse(settings.rate_limits)
        self.signed = signed
        self.operator = Operator.new()
        self._state: State | None = None
        self._audit: tuple[Trail, ...] = ()
        self._log = RequestLog()
        self._script = Script()
        self._precedence = Precedence()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as undo:  # undoes in the opposite order, also where a step fails
            self._open_aws(undo)
            self._open_backend()
            self._open_audit(undo)
            self._make_door()
            self._load_application()
            self._listen_to_uploads(undo)
            self._begin_work(undo)
            self.server = self._port_server()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._undo.close()

    def _open_aws(self, undo: ExitStack) -> None:
        """moto, with what the data directory has kept of it."""
        self.aws = Aws(self._settings.account, self._settings.region)
        if self._data_dir is not None:
            self._state = State(self._data_dir, self._settings.sync, self._settings.key_file)
            self.aws.keeper = Keeper(self._state)
            undo.callback(self.aws.keeper.close)

    def _open_backend(self) -> None:
        """What operations are given, with its tables."""
        # What wraps the data keys of collections where no KMS key is named: a file beside the state, or nothing that
        # outlives the process.
        keys = LocalKeys([new_key()]) if self._state is None else self._state.keys
        self.backend = build(self._settings, self.aws.session, keys)
        self.backend.jobs.telling = self.aws.telling
        self.backend.store.create_tables()
        self._tables = tables_of(self._settings.account, self._settings.region)
        self.backend.store.collections.sweep()  # what a deletion was stopped at

    def _open_audit(self, undo: ExitStack) -> None:
        """The record of every call, where anything is kept."""
        if self._data_dir is not None:
            settings = self._settings
            trail = in_directory(self._data_dir, settings.account, settings.region, sync=settings.sync)
            undo.callback(trail.close)
            self._audit = (trail,)

    def _make_door(self) -> None:
        """Who may call, and who is told of it."""
        account, sessions = Account(self._settings.account, self._settings.region), Sessions()
        guard = Guard(self.backend.store.access, account, sessions=sessions.find)
        self._gate = Gate(guard, sessions, self.operator)
        self._door = Door(
            self._script,
            limited(guard.authenticate if self.signed else claimed, self._rates),
            guard.permit if self.signed else None,
            observers=(self._log, *self._audit),
        )

    def _load_application(self) -> None:
        """The handlers of `app.py`, with the queue that its jobs wait in."""
        worker = Worker(
            self.backend.jobs,
            tasks(self.backend),
            ended=tuple(trail.ended for trail in self._audit),
            give_way=self._precedence.give_way,
            stopped=self._stopping.is_set,
        )
        self.application = load(self.backend, worker, self._door)
        self.backend.jobs.create_queue()

    def _listen_to_uploads(self, undo: ExitStack) -> None:
        """Buckets, whose events reach the application from now on."""
        self._triggers = Triggers(self.application, self.aws.client("sqs"))
        undo.callback(self._triggers.stop)
        self._s3 = self.aws.client("s3")
        self._buckets()
        self.aws.object_events = self._triggers

    def _begin_work(self, undo: ExitStack) -> None:
        """Jobs and uploads, those first that another process left behind."""
        self.backend.jobs.resume()
        workers = Workers(self.application, self.backend.jobs, self._stopping)
        workers.start()
        undo.callback(workers.stop)
        for event in missed(self._settings, self.backend.media):
            self._triggers(event)
        sweeper = Sweeper(self.backend)
        sweeper.start()
        undo.callback(sweeper.stop)

    def _port_server(self) -> Server:
        """What the port answers: Rekognition, the paths of our own, and all of AWS that is here."""
        rotation = None
        if self._state is not None:
            rotation = Rotation(self._state, self.backend.store, self._settings.key_file)
        console = Console(
            self.backend,
            log=self._log,
            authenticate=self._door.authenticate,
            s3=self._s3,
            rules=self._rules,
            troubles=self._triggers.troubles,
        )
        return Server(
            self.aws,
            self.backend,
            Application(self.application),
            self._door,
            routes=(
                Keys(Ring(self.backend.store.access), self._gate.own).answer,
                Admin(self.backend, self._tell, rotation).answer,
                Scripts(self._script, self.reset if self._data_dir is None else None).answer,
                console.answer,
            ),
            origins=Origins(self._settings.origins.split(), names=not self.signed),
            gate=self._gate if self.signed else None,
            precedence=self._precedence,
        )

    def reset(self) -> None:
        """Forget everything that was put here since the start, scripts too; jobs under way come to nothing."""
        self._script.reset()
        self._triggers.forget()
        with self.aws.standing_still():
            keys = self.backend.store.access.table
            wipe(self._settings.account, self._tables, (self._settings.queue, DEAD_LETTERS), keys)
            self._buckets()
        self.backend.search.forget("")
        self.backend.store.optouts.forget()

    def _tell(self, name: str, details: Mapping[str, object]) -> None:
        """Keep an event in the audit, where there is one."""
        for trail in self._audit:
            trail.event(name, details, "lookalike")

    def _buckets(self) -> None:
        """What Terraform makes on AWS."""
        there = {bucket["Name"] for bucket in self._s3.list_buckets()["Buckets"]}
        region = self._settings.region
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        for name in {self._settings.bucket, self._settings.uploads} - there:
            self._s3.create_bucket(Bucket=name, **where)
