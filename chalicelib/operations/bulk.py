"""Many images at once: a manifest in S3 lists them, what is found goes to a manifest in S3, and so do the errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from ..errors import (
    InvalidManifestException,
    InvalidParameterException,
    InvalidS3ObjectException,
    ResourceNotFoundException,
    ServiceError,
)
from ..jobs.worker import Progress
from ..store.job import Job
from ..vision.moderation import MODERATION_MODEL_VERSION
from . import pages
from .moderation import detect_moderation_labels

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        GetMediaAnalysisJobRequestTypeDef,
        ListMediaAnalysisJobsRequestTypeDef,
        StartMediaAnalysisJobRequestTypeDef,
    )

    from ..backend import Backend

ANALYSIS = "MediaAnalysis"
_LARGEST_PAGE = 100
_MOST_LINES = 10_000
"""Images of one manifest (AWS)."""
_S3 = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<name>.+)", re.DOTALL)
_CODES = {
    "InvalidS3ObjectException": "INVALID_S3_OBJECT",
    "InvalidManifestException": "INVALID_MANIFEST",
    "AccessDeniedException": "ACCESS_DENIED",
    "ResourceNotFoundException": "RESOURCE_NOT_FOUND",
}
"""What a job failed of, as FailureDetails names it."""


def start_media_analysis_job(request: StartMediaAnalysisJobRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """Queue the images of a manifest. Adapters cannot be trained, so naming one names what is not there."""
    config = request["OperationsConfig"].get("DetectModerationLabels")
    if config is None:
        raise InvalidParameterException
    if "ProjectVersion" in config:
        raise ResourceNotFoundException(f"The project version {config['ProjectVersion']} does not exist")
    source = _named(request["Input"]["S3Object"])
    backend.store.objects.size(*source)
    if not backend.store.objects.has_bucket(request["OutputConfig"]["S3Bucket"]):
        raise InvalidS3ObjectException  # that it is this, and now rather than in the job, is unconfirmed
    return {"JobId": backend.jobs.start(ANALYSIS, request, backend.clock().timestamp())}


def get_media_analysis_job(request: GetMediaAnalysisJobRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """How far the job is, and where its results are."""
    return _description(backend.jobs.get(ANALYSIS, request["JobId"]))


def list_media_analysis_jobs(request: ListMediaAnalysisJobsRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """The newest first."""
    at = int(pages.position("ListMediaAnalysisJobs", request, backend.clock()) or 0)
    most = request.get("MaxResults", _LARGEST_PAGE)
    jobs = backend.jobs.jobs.of(ANALYSIS)
    answer: dict[str, Any] = {"MediaAnalysisJobs": [_description(job) for job in jobs[at : at + most]]}
    if at + most < len(jobs):
        answer["NextToken"] = pages.token("ListMediaAnalysisJobs", request, str(at + most), backend.clock())
    return answer


def moderate(backend: Backend, job: Job, progress: Progress) -> dict[str, Any]:
    """The work of a job: each image of the manifest moderated, or an error of its line noted, which stops no other.

    Raises InvalidManifestException for a manifest that lists nothing or too much.
    """
    config = job.request["OperationsConfig"]["DetectModerationLabels"]
    errors: list[dict[str, Any]] = []
    with TemporaryFile() as manifest, TemporaryFile() as results:
        backend.store.objects.fetch(*_named(job.request["Input"]["S3Object"]), manifest)
        total = _counted(manifest)
        for number, line in enumerate(_lines(manifest), 1):
            progress((number - 1) / total)
            reference: dict[str, Any] = {}
            try:
                reference = {"source-ref": _source(line)}
                found = _moderated(reference["source-ref"], config, backend)
            except ServiceError as error:
                errors.append({"line-number": number, **reference, "code": error.code, "message": error.message})
            else:
                results.write(msgspec.json.encode(reference | {"detect-moderation-labels": found}) + b"\n")
        results.seek(0)
        statistics = {
            "total-json-lines": total,
            "valid-json-lines": total - len(errors),
            "invalid-json-lines": len(errors),
        }
        summary = {"version": "1.0", "statistics": statistics, "errors": errors}
        _put(job, "results.jsonl", results, backend)
        _put(job, "manifest-summary.json", msgspec.json.encode(summary), backend)
    return {}


def _moderated(source: str, config: Mapping[str, Any], backend: Backend) -> Mapping[str, Any]:
    place = _S3.fullmatch(source)
    if place is None:
        raise InvalidManifestException("source-ref is no s3://bucket/key")
    request: Any = {"Image": {"S3Object": {"Bucket": place["bucket"], "Name": place["name"]}}, **config}
    return detect_moderation_labels(request, backend)


def _source(line: bytes) -> str:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])["source-ref"]  # type: ignore[no-any-return]
    except (msgspec.DecodeError, KeyError):
        raise InvalidManifestException("The line is no JSON object with a source-ref") from None


def _counted(manifest: BinaryIO) -> int:
    total = sum(1 for _ in _lines(manifest))
    if not 0 < total <= _MOST_LINES:
        raise InvalidManifestException(f"The manifest must list 1 to {_MOST_LINES} images, and lists {total}")
    return total


def _lines(manifest: BinaryIO) -> Iterator[bytes]:
    manifest.seek(0)
    lines: Iterable[bytes] = manifest
    return (line for line in lines if line.strip())


def _named(s3_object: Mapping[str, Any]) -> tuple[str, str, str | None]:
    if "Bucket" not in s3_object or "Name" not in s3_object:
        raise InvalidParameterException
    return s3_object["Bucket"], s3_object["Name"], s3_object.get("Version")


def _put(job: Job, name: str, data: bytes | BinaryIO, backend: Backend) -> None:
    bucket, key = _output(job, name)
    backend.store.objects.put(bucket, key, data, "application/json", job.request.get("KmsKeyId", ""))


def _output(job: Job, name: str) -> tuple[str, str]:
    config = job.request["OutputConfig"]
    prefix = config.get("S3KeyPrefix", "").strip("/")
    return config["S3Bucket"], "/".join(part for part in (prefix, job.id, name) if part)


def _description(job: Job) -> dict[str, Any]:
    given = ("JobName", "OperationsConfig", "Input", "OutputConfig", "KmsKeyId")
    members: dict[str, Any] = {
        "JobId": job.id,
        "Status": "QUEUED" if job.status == "IN_PROGRESS" and job.attempt == 0 else job.status,
        "CreationTimestamp": datetime.fromtimestamp(job.created, UTC),
        **{name: job.request[name] for name in given if name in job.request},
    }
    if job.ended is not None:
        members["CompletionTimestamp"] = datetime.fromtimestamp(job.ended, UTC)
    if job.status == "FAILED":
        code = _CODES.get(job.outcome.get("error", ""), "INTERNAL_ERROR")
        members["FailureDetails"] = {"Code": code, "Message": job.message}
    if job.status == "SUCCEEDED":
        results, summary = (
            {"S3Object": dict(zip(("Bucket", "Name"), _output(job, name), strict=True))}
            for name in ("results.jsonl", "manifest-summary.json")
        )
        members |= {
            "Results": results | {"ModelVersions": {"Moderation": MODERATION_MODEL_VERSION}},
            "ManifestSummary": summary,
        }
    return members
