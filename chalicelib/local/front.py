"""`lookalike gateway`: Rekognition alone on a port, over DynamoDB, S3, SQS and KMS elsewhere.

What is elsewhere is named as for any AWS client: credentials, AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_S3 and so on,
or AWS itself where none is named. Nothing is kept in the process, so that there may be many.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from ..config import Settings
from ..errors import SetupError
from .process import Listening, listen, require_fit, require_models, stop_signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..backend import Backend
    from ..wire.door import Door
    from ..wire.gateway import Request, Response
    from .application import Application

Host = Annotated[str, typer.Option(help="Address to listen on; one that others reach only with --signed.")]
PortNumber = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
Signed = Annotated[bool, typer.Option("--signed", help="Ask for signatures with keys of `lookalike keys --aws`.")]
Create = Annotated[bool, typer.Option("--create", help="Make tables, bucket and queue that are absent.")]


def gateway(host: Host = "127.0.0.1", port: PortNumber = 4566, signed: Signed = False, create: Create = False) -> None:
    """Serve Rekognition alone, over the DynamoDB, S3, SQS and KMS that the environment names. Ctrl-C stops it."""
    from botocore.exceptions import BotoCoreError, ClientError

    settings, listening = Settings.from_environ(), Listening(host, port, signed, None)
    require_fit(listening)
    require_models(settings)
    stopped = stop_signal()
    with ExitStack() as cleanup:
        try:
            url = _start(settings, listening, create, cleanup)
        except (BotoCoreError, ClientError) as error:
            raise SetupError(f"the services that the environment names cannot be used: {error}") from error
        print(f"Lookalike serves Rekognition on {url}", flush=True)
        stopped.wait()


def _start(settings: Settings, listening: Listening, create: bool, cleanup: ExitStack) -> str:
    """Begin to serve and to take jobs, and tell under which URL; what `cleanup` holds ends it in order."""
    from ..backend import build
    from ..jobs.worker import Worker
    from ..operations.work import tasks
    from ..wire.door import OPEN
    from .application import Application, load
    from .port.http import admit_all
    from .worker import Workers

    backend, stopping = build(settings), threading.Event()
    if create:
        _create(backend)
    door = _door(backend) if listening.signed else OPEN
    application = load(backend, Worker(backend.jobs, tasks(backend), stopped=stopping.is_set), door)
    workers = Workers(application, backend.jobs, stopping)
    cleanup.callback(workers.stop)  # after the port, so that no request waits for a job
    url = listen(listening, _answers(backend, door, Application(application), listening.signed), admit_all, cleanup)
    workers.start()  # only now: what cannot listen claims no job that it would put down
    return url


def _answers(backend: Backend, door: Door, application: Application, signed: bool) -> Callable[[Request], Response]:
    """Rekognition's requests; where nobody need sign, also what is known of uploads."""
    from ..wire import gateway as path

    def answer(request: Request) -> Response:
        own = None if signed else application.answer(request)
        return own or path.answer(request, backend, door)

    return answer


def _door(backend: Backend) -> Door:
    from ..wire.door import Door
    from ..wire.guard import Guard
    from ..wire.resources import Account

    guard = Guard(backend.store.access, Account(backend.account, backend.region))
    return Door(authenticate=guard.authenticate, permit=guard.permit)


def _create(backend: Backend) -> None:
    """What Terraform makes on AWS."""
    backend.store.create_tables()
    backend.jobs.create_queue()
    backend.store.objects.create_bucket(backend.settings.bucket)
