"""What the console asks that no operation of Rekognition tells, as JSON under `/_lookalike/`.

Whoever may not call Rekognition may not ask here either: the door's `authenticate` is asked first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec

from ... import __version__
from ...errors import InvalidParameterException, ServiceError
from ...modelkit.packs import list_packs
from ...operations import OPERATIONS
from ...uploads import Rule, rule_for
from ...wire.gateway import Response
from ..port.answers import as_json
from ..port.requests import RequestLog
from . import pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...backend import Backend
    from ...store.job import Job
    from ...store.media import Medium
    from ...wire.door import Authenticate
    from ...wire.gateway import Request
    from ..triggers import Trouble

_PAGE = 100

Query = Mapping[str, str]


class Console:
    """The page and its routes.

    `s3` is a botocore client; `troubles` tells, by key, of the uploads whose handler raised.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        log: RequestLog,
        authenticate: Authenticate,
        s3: Any,
        rules: Sequence[Rule],
        troubles: Callable[[], Mapping[str, Trouble]],
    ) -> None:
        self._backend = backend
        self._log = log
        self._authenticate = authenticate
        self._s3 = s3
        self._rules = rules
        self._troubles = troubles
        self._routes: Mapping[str, Callable[[Query], dict[str, Any]]] = {
            "/_lookalike/requests": self.requests,
            "/_lookalike/jobs": self.jobs,
            "/_lookalike/uploads": self.uploads,
            "/_lookalike/about": self.about,
        }

    def answer(self, request: Request) -> Response | None:
        """Answer a request for the page or one of its routes; None for others."""
        route = self._routes.get(request.path)
        if route is None or request.method != "GET":
            return pages.answer(request)
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        try:
            self._authenticate(request)
            return as_json(HTTPStatus.OK, route(query))
        except ServiceError as error:
            return as_json(error.status, {"__type": error.code, "Message": error.message})

    def requests(self, query: Query) -> dict[str, Any]:
        """The calls of late: `?after=` the Number of the last one seen."""
        after = query.get("after", "0")
        if not after.isdecimal():
            raise InvalidParameterException(f"after is {after!r}, and should be the Number of a request")
        return {"Requests": [note.told() for note in self._log.after(int(after))]}

    def jobs(self, query: Query) -> dict[str, Any]:
        """Every job that is kept, the newest first."""
        return {"Jobs": [_job(job) for job in self._backend.jobs.jobs.all()]}

    def uploads(self, query: Query) -> dict[str, Any]:
        """A page of the objects in the bucket of uploads, in the order of their keys, and what came of each.

        `?prefix=` chooses by the beginning of the key, `&after=` the NextToken goes on.
        """
        bucket = self._backend.settings.uploads
        options = {"StartAfter": query["after"]} if "after" in query else {}
        found = self._s3.list_objects_v2(Bucket=bucket, Prefix=query.get("prefix", ""), MaxKeys=_PAGE, **options)
        objects = found.get("Contents", [])
        media = self._backend.media.some(bucket, [each["Key"] for each in objects])
        state = partial(_upload, rules=self._rules, troubles=self._troubles())
        told = {
            "Bucket": bucket,
            "Rules": [msgspec.to_builtins(rule) for rule in self._rules],
            "Objects": [state(each, media.get(each["Key"])) for each in objects],
        }
        return told | ({"NextToken": objects[-1]["Key"]} if found["IsTruncated"] else {})

    def about(self, query: Query) -> dict[str, Any]:
        """This Lookalike: version, region, operations, and the model packs with which of their models are open."""
        settings, loaded = self._backend.settings, set(self._backend.sessions.loaded())
        return {
            "Version": __version__,
            "Region": settings.region,
            "Account": settings.account,
            "UploadsBucket": settings.uploads,
            "Operations": sorted(OPERATIONS),
            "Jobs": msgspec.to_builtins(self._backend.jobs.counts()),
            "Packs": [
                {
                    "Name": listing.name,
                    "Summary": listing.pack.summary,
                    "Built": listing.built,
                    "Bytes": listing.bytes,
                    "Licences": sorted({state.model.licence for state in listing.models}),
                    "Models": [
                        {
                            "Name": state.name,
                            "State": "open" if state.name in loaded else state.state,
                            "Bytes": state.model.bytes,
                            "Licence": state.model.licence,
                            "Measured": state.model.measured,
                        }
                        for state in listing.models
                    ],
                }
                for listing in list_packs(settings.models)
            ],
        }


def _job(job: Job) -> dict[str, Any]:
    video = job.request.get("Video", {}).get("S3Object")
    return {
        "JobId": job.id,
        "Analysis": job.analysis,
        "JobStatus": job.status,
        "StatusMessage": job.message,
        "Progress": job.progress,
        "Attempts": job.attempt,
        "Created": job.created,
        "Ended": job.ended,
        "Video": video,
    }


def _upload(
    stored: Mapping[str, Any], medium: Medium | None, rules: Sequence[Rule], troubles: Mapping[str, Trouble]
) -> dict[str, Any]:
    """An object: done, waiting, retried or parked with the reason, or ignored by every rule."""
    key = stored["Key"]
    found = rule_for(key, rules)
    told = {
        "Key": key,
        "Size": stored["Size"],
        "Time": stored["LastModified"].isoformat(),
        "Rule": None if found is None else rules.index(found[0]),
        "State": "waiting" if found else "ignored",
    }
    if (trouble := troubles.get(key)) is not None:
        state = "parked" if trouble.parked else "retried"
        return told | {"State": state, "Reason": trouble.reason, "Attempts": trouble.attempts}
    if medium is None or medium.removed or medium.etag != stored["ETag"].strip('"'):
        return told
    done = {"State": "done", "Labels": medium.labels, "Operations": list(medium.results)}
    if medium.collection is not None:
        done |= {"CollectionId": medium.collection, "FaceIds": medium.faces}
    return told | done
