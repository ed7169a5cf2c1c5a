"""What an uploaded or removed object sets off.

A put object is matched against the rules, in order; the first that fits says which operations run on it. An object
under `collections/` is indexed into the collection it names, any other picture is analysed. What came of it is kept as
a `Medium`. Removing the object removes the faces it brought.

Events come at least once and in any order (S3's user guide, "Amazon S3 Event Notifications"). An event as old as the
one already dealt with is ignored, by its sequencer; every step can be repeated. So whoever calls
`Uploads.handle` may simply call it again when it raises.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import msgspec
from msgspec.structs import replace

from .errors import NotImplementedException, ResourceAlreadyExistsException, ResourceNotFoundException, SetupError
from .store.job import Job
from .store.media import Media, Medium
from .telemetry import logger

if TYPE_CHECKING:
    from re import Pattern

Call = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Runs an operation of the API by its name; raises ServiceError."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which operations run on which objects."""

    key: str
    """The key without its suffix. `{CollectionId}` is one segment of it, and that parameter of the operation; `{}` is
    any text at all."""
    suffixes: tuple[str, ...] = (".jpg", ".jpeg", ".png")
    """Endings of the key, in lower case."""
    operations: tuple[str, ...]
    """IndexFaces alone, or operations that take an Image and change nothing, or Starts that take a Video."""
    parameters: dict[str, Any] = {}
    """More parameters of the operations."""


RULES = (
    Rule(key="collections/{CollectionId}/{ExternalImageId}", operations=("IndexFaces",)),
    Rule(key="{}", operations=("DetectFaces", "DetectLabels", "DetectText", "DetectModerationLabels")),
    Rule(
        key="{}",
        suffixes=(".mp4", ".mov", ".avi", ".mkv"),
        operations=("StartLabelDetection", "StartFaceDetection", "StartTextDetection"),
    ),
)


def rules(text: str) -> Sequence[Rule]:
    """Rules written as JSON, as LOOKALIKE_UPLOAD_RULES holds them; RULES for none. Raises SetupError.

    >>> rules('[{"key": "staff/{ExternalImageId}", "operations": ["IndexFaces"],'
    ...       ' "parameters": {"CollectionId": "staff"}}]')[0].parameters
    {'CollectionId': 'staff'}
    """
    if not text:
        return RULES
    try:
        return msgspec.json.decode(text, type=tuple[Rule, ...])
    except msgspec.DecodeError as error:
        raise SetupError(f"LOOKALIKE_UPLOAD_RULES is not a list of rules: {error}") from error


@dataclass(frozen=True, slots=True)
class Uploads:
    """Deals with the events of a bucket."""

    call: Call
    media: Media
    rules: Sequence[Rule] = RULES

    def handle(self, record: Mapping[str, Any]) -> None:
        """Deal with one record of an S3 event. Raises what the operations raise; it may then be given again."""
        medium = Medium(
            bucket=record["s3"]["bucket"]["name"],
            key=unquote_plus(record["s3"]["object"]["key"]),
            # "Right-pad the shorter value with zeros" before comparing, says the guide.
            sequencer=record["s3"]["object"]["sequencer"].ljust(32, "0"),
            time=record["eventTime"],
            size=record["s3"]["object"].get("size", 0),
            etag=record["s3"]["object"].get("eTag", ""),
            removed=record["eventName"].startswith("ObjectRemoved:"),
        )
        before = self.media.get(medium.bucket, medium.key)
        if before is None or before.sequencer < medium.sequencer:
            self._follow(before, medium)
        elif before.sequencer == medium.sequencer:
            self._settle(before)  # it was interrupted after it was kept

    def _follow(self, before: Medium | None, medium: Medium) -> None:
        """Make the object what the event says; `before` is what it was."""
        if medium.removed:
            after = medium
        elif (found := rule_for(medium.key, self.rules)) is not None:
            after = self._examined(medium, *found)
        else:
            return
        after = replace(after, obsolete=_obsolete(before, after))
        if self.media.put(after):
            self._settle(after)
            for job in _jobs(after):  # it may have ended before it was known as this object's
                self._label(after, job)
        else:  # a newer event was dealt with meanwhile, and did not know of these faces
            self._delete(_obsolete(after, self.media.get(medium.bucket, medium.key)))

    def _examined(self, medium: Medium, rule: Rule, named: Mapping[str, str]) -> Medium:
        """`medium` with what the rule's operations say of the object."""
        placed = {"S3Object": {"Bucket": medium.bucket, "Name": medium.key}}
        parameters = {"Image": placed, **rule.parameters, **named}
        if "IndexFaces" in rule.operations:
            results = {"IndexFaces": self._index(parameters)}
            faces = tuple(face["Face"]["FaceId"] for face in results["IndexFaces"]["FaceRecords"])
            medium = replace(medium, collection=parameters["CollectionId"], faces=faces)
        else:
            of_video = {"Video": placed, "ClientRequestToken": _token(medium), **rule.parameters, **named}
            answers = {
                name: self._analysis(name, of_video if name.startswith("Start") else parameters)
                for name in rule.operations
            }
            results = {name: answer for name, answer in answers.items() if answer is not None}
        return replace(medium, results=results, labels=_labels(results))

    def _index(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """IndexFaces into a collection that is made first where it is absent."""
        try:
            return self.call("IndexFaces", parameters)
        except ResourceNotFoundException:
            try:
                self.call("CreateCollection", {"CollectionId": parameters["CollectionId"]})
            except ResourceAlreadyExistsException:
                logger.debug("collection %s was made meanwhile", parameters["CollectionId"])
            return self.call("IndexFaces", parameters)

    def _analysis(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """The operation's answer; None where this build or machine lacks it, which is no fault of the object's."""
        try:
            return self.call(name, parameters)
        except (NotImplementedException, SetupError) as error:
            logger.info("%s not run on an upload: %s", name, error)
            return None

    def told(self, medium: Medium) -> dict[str, Any]:
        """What a caller is told of an object. Of a video: how far its analyses are, and the first page of each."""
        told = described(medium)
        told["Results"] = dict(self._joined(name, answer) for name, answer in medium.results.items())
        return told

    def ended(self, job: Job) -> None:
        """A job has ended; if an upload started it, the object is found from now on by what it has seen."""
        video = job.request.get("Video", {}).get("S3Object")
        medium = self.media.get(video["Bucket"], video["Name"]) if video else None
        if medium is not None and job.id in _jobs(medium):
            self._label(medium, job.id)

    def _label(self, medium: Medium, job: str) -> None:
        """Have the object found by what one of its jobs has seen, if that has ended."""
        labels = set[str]()
        for page in self._pages(_jobs(medium)[job], job):
            if page.get("Faces"):
                labels.add("Face")
                break
            for kind in ("Label", "ModerationLabel"):
                labels |= {found[kind]["Name"] for found in page.get(f"{kind}s", ())}
        if labels:
            self.media.label(medium, labels)

    def _pages(self, get: str, job: str) -> Iterator[Mapping[str, Any]]:
        """The pages of a job's results, by segment where they can be had so; none of a job that is not done."""
        asked: dict[str, Any] = {"JobId": job}
        if get in ("GetLabelDetection", "GetContentModeration"):
            asked["AggregateBy"] = "SEGMENTS"
        while True:
            page = self.call(get, asked)
            if page["JobStatus"] == "SUCCEEDED":
                yield page
            if "NextToken" not in page:
                return
            asked["NextToken"] = page["NextToken"]

    def _joined(self, name: str, answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A Start's answer with that of its Get in its place, as long as the job is kept."""
        if not name.startswith("Start"):
            return name, answer
        get = f"Get{name.removeprefix('Start')}"
        try:
            return get, self.call(get, answer)
        except ResourceNotFoundException:
            return name, answer

    def _settle(self, medium: Medium) -> None:
        """Delete the faces that the object no longer brings."""
        if medium.obsolete:
            self._delete(medium.obsolete)
            self.media.put(replace(medium, obsolete={}))

    def _delete(self, faces: Mapping[str, Sequence[str]]) -> None:
        for collection, ids in faces.items():
            try:
                left = self._deleted(collection, ids)
                for user in {face["UserId"] for face in left if "UserId" in face}:
                    of_user = [face["FaceId"] for face in left if face.get("UserId") == user]
                    users_faces = {"CollectionId": collection, "UserId": user, "FaceIds": of_user}
                    self.call("DisassociateFaces", users_faces)
                    self._deleted(collection, of_user)
            except ResourceNotFoundException:
                logger.debug("collection %s went before its faces", collection)

    def _deleted(self, collection: str, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Delete faces; those that a user still has are returned instead."""
        result = self.call("DeleteFaces", {"CollectionId": collection, "FaceIds": list(ids)})
        unsuccessful: Sequence[Mapping[str, Any]] = result.get("UnsuccessfulFaceDeletions", ())
        return unsuccessful


def _jobs(medium: Medium) -> dict[str, str]:
    """The jobs that an object started: by JobId, the operation that gets what each has seen."""
    return {
        answer["JobId"]: f"Get{name.removeprefix('Start')}"
        for name, answer in medium.results.items()
        if name.startswith("Start")
    }


def _token(medium: Medium) -> str:
    """The same for the same object, so that an event that comes twice starts nothing twice."""
    return hashlib.sha256(f"{medium.bucket}/{medium.key}/{medium.sequencer}".encode()).hexdigest()


def described(medium: Medium) -> dict[str, Any]:
    """What a caller is told of an object, named as AWS names such things."""
    told = {
        "Bucket": medium.bucket,
        "Key": medium.key,
        "Time": medium.time,
        "Size": medium.size,
        "ETag": medium.etag,
        "Labels": medium.labels,
        "Results": medium.results,
    }
    if medium.collection is not None:
        told |= {"CollectionId": medium.collection, "FaceIds": medium.faces}
    return told


def rule_for(key: str, applied: Sequence[Rule]) -> tuple[Rule, dict[str, str]] | None:
    """The first rule that fits, and the parameters that it reads from the key."""
    for rule in applied:
        for suffix in rule.suffixes:
            if key.lower().endswith(suffix) and (found := _pattern(rule.key).fullmatch(key[: -len(suffix)])):
                return rule, found.groupdict()
    return None


@cache
def _pattern(template: str) -> Pattern[str]:
    parts = re.split(r"({\w*})", template)
    return re.compile("".join(_segment(part) for part in parts), re.DOTALL)


def _segment(part: str) -> str:
    if part == "{}":
        return ".*"
    return f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)


def _labels(results: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The names that the operations gave to what they saw, and Face where one was found."""
    names = {label["Name"] for label in results.get("DetectLabels", {}).get("Labels", ())}
    names |= {label["Name"] for label in results.get("DetectModerationLabels", {}).get("ModerationLabels", ())}
    if results.get("DetectFaces", {}).get("FaceDetails") or results.get("IndexFaces", {}).get("FaceRecords"):
        names.add("Face")
    return tuple(sorted(names))


def _obsolete(before: Medium | None, after: Medium | None) -> dict[str, tuple[str, ...]]:
    """The faces of `before`, and those it had yet to delete, that `after` does not bring."""
    if before is None:
        return {}
    faces = {collection: set(ids) for collection, ids in before.obsolete.items()}
    if before.collection is not None:
        faces.setdefault(before.collection, set()).update(before.faces)
    if after is not None and after.collection is not None:
        faces.get(after.collection, set()).difference_update(after.faces)
    return {collection: tuple(sorted(ids)) for collection, ids in faces.items() if ids}
