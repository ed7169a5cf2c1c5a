"""Lambda's door: Rekognition's API, the uploads, and what is known of them. No logic.

Chalice imports this file as `app`, beside `chalicelib`; an installed Lookalike holds it as `lookalike.app`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import msgspec
from chalice.app import Chalice, CloudWatchEvent, Rate, Request, Response, S3Event, SQSEvent

if TYPE_CHECKING or not __package__:
    from chalicelib.audit.trail import Trail, to_stream
    from chalicelib.backend import Backend, build
    from chalicelib.config import Settings
    from chalicelib.jobs.deliveries import attempt
    from chalicelib.jobs.queue import Messages
    from chalicelib.jobs.worker import Worker
    from chalicelib.operations import retention
    from chalicelib.operations.work import tasks
    from chalicelib.uploads import Uploads, described, rules
    from chalicelib.wire import gateway, proxy
    from chalicelib.wire.door import Door, Identity
    from chalicelib.wire.guard import Guard
    from chalicelib.wire.resources import Account
else:
    from .audit.trail import Trail, to_stream
    from .backend import Backend, build
    from .config import Settings
    from .jobs.deliveries import attempt
    from .jobs.queue import Messages
    from .jobs.worker import Worker
    from .operations import retention
    from .operations.work import tasks
    from .uploads import Uploads, described, rules
    from .wire import gateway, proxy
    from .wire.door import Door, Identity
    from .wire.guard import Guard
    from .wire.resources import Account

SETTINGS = Settings.from_environ()


class Lookalike(Chalice):
    """The application. On Lambda its backend is made once a container; the local port gives it its own."""

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        # A function's URL is open to the world: what is not signed for, /media, is not served there.
        rest = proxy.as_rest(event, ("/",))
        return proxy.absent() if rest is None else proxy.fitted(event, super().__call__(rest, context))

    @cached_property
    def backend(self) -> Backend:
        return build(SETTINGS)

    @cached_property
    def trail(self) -> Trail:
        return to_stream(sys.stdout, SETTINGS.account, SETTINGS.region)

    @cached_property
    def door(self) -> Door:
        observers = (self.trail,)
        if SETTINGS.auth == "none":
            return Door(observers=observers)
        guard = Guard(self.backend.store.access, Account(SETTINGS.account, SETTINGS.region))
        return Door(authenticate=guard.authenticate, permit=guard.permit, observers=observers)

    @property
    def uploads(self) -> Uploads:
        def call(operation: str, parameters: Any) -> dict[str, Any]:
            return gateway.call(operation, parameters, self.backend, self.door, Identity(invoked_by="uploads"))

        return Uploads(call, self.backend.media, rules(SETTINGS.upload_rules))

    @cached_property
    def worker(self) -> Worker:
        return Worker(self.backend.jobs, tasks(self.backend), ended=(self.trail.ended,))


app = Lookalike(app_name="lookalike")


@app.route("/", methods=["POST"], content_types=[gateway.CONTENT_TYPE])
def rekognition() -> Response:
    """Any operation of Rekognition, as AWS SDKs send it."""
    sent = _request()
    body = sent.raw_body
    content = body.encode() if isinstance(body, str) else body
    source = sent.context.get("identity", {}).get("sourceIp", "")
    # The path with the stage, as it was sent and signed.
    request = gateway.Request("POST", sent.context["path"], "", dict(sent.headers), content, source)
    answer = gateway.answer(request, app.backend, app.door)
    return Response(answer.body.decode(), dict(answer.headers), answer.status)


@app.on_s3_event(bucket=SETTINGS.uploads, events=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
def on_upload(event: S3Event) -> None:
    """An object was put into the bucket of uploads, or removed from it."""
    for record in event.to_dict()["Records"]:
        app.uploads.handle(record)


@app.on_sqs_message(queue=SETTINGS.queue, batch_size=1)
def on_job(event: SQSEvent) -> dict[str, Any]:
    """A job was put, or is put again because its worker died."""
    worker, context = replace(app.worker, ended=(*app.worker.ended, app.uploads.ended)), cast("Any", event.context)
    if context is not None:
        worker = replace(worker, remaining=lambda: context.get_remaining_time_in_millis() / 1000)
    return attempt(event.to_dict()["Records"], lambda job: worker.run(job["JobId"]), _messages(app.backend.jobs.queue))


@app.on_sqs_message(queue=SETTINGS.uploads_queue, batch_size=10)
def on_uploads(event: SQSEvent) -> dict[str, Any]:
    """Objects were put or removed, and S3 told a queue: what a deployment has, since a queue loses no flood."""

    def handle(told: dict[str, Any]) -> None:
        for record in told.get("Records", ()):  # S3 tries a new queue with a message that has none
            app.uploads.handle(record)

    return attempt(event.to_dict()["Records"], handle, _messages(SETTINGS.uploads_queue))


@app.schedule(Rate(1, unit=Rate.HOURS))
def on_clock(event: CloudWatchEvent) -> dict[str, int]:
    """An hour has passed: what is over is erased. Returns how many faces of which collection, for the log.

    What fails is raised, so that Lambda tries twice more and an alarm tells; the next hour tries it again.
    """
    return retention.sweep(app.backend, seconds=300)


@app.route("/media/{key}", methods=["GET"])
def medium(key: str) -> Response:
    """What came of the object of that key, its slashes sent as %2F where a gateway stands between."""
    found = app.backend.media.get(SETTINGS.uploads, unquote(key))
    if found is None or found.removed:
        return _json({"Message": "No object of this key was uploaded"}, status=404)
    return _json(app.uploads.told(found))


@app.route("/media", methods=["GET"])
def media() -> Response:
    """A page of the objects with a label: `?label=Face`, then with `&after=` the NextToken for more."""
    query: Mapping[str, str] = _request().query_params or {}
    if "label" not in query:
        return _json({"Message": "Say which: /media?label=Face"}, status=400)
    found, after = app.backend.media.labelled(query["label"], query.get("after"))
    return _json({"Media": [described(each) for each in found]} | ({"NextToken": after} if after else {}))


def _messages(queue: str) -> Messages:
    return Messages(app.backend.jobs, queue)


def _request() -> Request:
    assert app.current_request is not None, "Chalice calls a view with its request"
    return app.current_request


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content).decode(), {"Content-Type": "application/json"}, status)
