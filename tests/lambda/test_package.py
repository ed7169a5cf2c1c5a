"""The package that Lambda gets, unpacked: it answers, and everything that it needs is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials

from chalicelib.jobs.worker import LAST_SECONDS
from deploy import building, container, events, proof
from deploy.targets import Target, interpreter
from tests.conftest import ROOT, Server

from .conftest import Start


def test_each_function_is_smaller_than_lambda_takes(package: building.Package) -> None:
    for name, size in package.sizes().items():
        assert size < building.LIMIT, name


def test_every_model_and_every_data_file_is_there(package: building.Package) -> None:
    models = sorted(path.name for path in package.layer("models").rglob("*.onnx"))
    assert "face_embedding.onnx" in models
    assert (package.function / "models" / "manifest.toml").exists()
    assert (package.function / "models" / "heads").is_dir()


@pytest.mark.parametrize("name", ["moto", "rich", "typer", "boto3", "onnx", "av", "werkzeug", "chalicelib/local"])
def test_what_only_a_developer_needs_is_not(package: building.Package, name: str) -> None:
    assert not (package.function / name).exists()


def test_video_is_the_workers_alone(package: building.Package) -> None:
    assert (package.layer("video") / "python" / "av").is_dir()
    assert [name for name, (_, layers) in building.FUNCTIONS.items() if "video" in layers] == ["on_job"]


def test_a_request_is_answered(start: Start, account: proof.Account) -> None:
    proof.detect_faces(account, start("api_handler"))


def test_every_model_runs(start: Start, account: proof.Account) -> None:
    proof.see(account, start("api_handler"))


def test_an_upload_is_indexed(start: Start, account: proof.Account) -> None:
    proof.index_faces(account, start("on_upload"), start("api_handler"))


def test_stored_videos_are_analysed(start: Start, account: proof.Account) -> None:
    proof.video_jobs(account, start("on_job"), start("api_handler"))


def test_what_is_over_is_erased_by_the_clock(start: Start, account: proof.Account) -> None:
    proof.expired_faces(account, start("on_clock"), start("api_handler"))


@pytest.mark.parametrize(
    ("encoder", "kind"),
    # Not AV1: its encoder, run as root, gives the process real-time priority, and everything else waits.
    [("libx264", "mp4"), ("libx265", "mp4"), ("libvpx-vp9", "webm"), ("mpeg4", "avi")],
)
def test_the_worker_decodes_what_it_can_no_longer_encode(
    package: building.Package, tmp_path: Path, encoder: str, kind: str
) -> None:
    (tmp_path / "film").write_bytes(proof.film(encoder, kind))
    code = f"""
import sys
sys.path[:0] = [{str(package.layer("video") / "python")!r}]
import av
with av.open({str(tmp_path / "film")!r}) as film:
    print(sum(1 for _ in film.decode(video=0)))
"""
    python = interpreter(package.target.python)
    done = subprocess.run([str(python), "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 20


def test_one_failed_job_takes_no_other_with_it(start: Start, account: proof.Account) -> None:
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=account.environ["LOOKALIKE_QUEUE"])["QueueUrl"]
    job = account.ask(start("api_handler"), "StartFaceDetection", video(account))
    sqs.send_message(QueueUrl=url, MessageBody="no JSON")
    batch: list[Any] = []
    while len(batch) < 2:
        batch += next(account.messages())["Records"]
    broken = [{"itemIdentifier": record["messageId"]} for record in batch if record["body"] == "no JSON"]
    assert start("on_job").invoke({"Records": batch}).result == {"batchItemFailures": broken}
    assert account.ask(start("api_handler"), "GetFaceDetection", job)["JobStatus"] == "SUCCEEDED"
    sqs.purge_queue(QueueUrl=url)  # the broken one would come back to another test


def test_a_job_that_takes_too_long_says_so(package: building.Package, start: Start, account: proof.Account) -> None:
    """The same film that is done in a second, by a worker that has less left than one more frame may take."""
    job = account.ask(start("api_handler"), "StartFaceDetection", video(account))
    with account.start(package, "on_job", timeout=LAST_SECONDS - 1) as worker:
        for event in account.messages():
            assert worker.invoke(event).result == {"batchItemFailures": []}
    ended = account.ask(start("api_handler"), "GetFaceDetection", job)
    assert ended["JobStatus"] == "FAILED"
    assert "of the video was analysed when the worker's time ended" in ended["StatusMessage"]


def test_uploads_that_s3_told_a_queue_are_indexed(start: Start, account: proof.Account) -> None:
    body = proof.PHOTO.read_bytes()
    account.client("s3").put_object(Bucket=account.uploads, Key="collections/late/ada.jpg", Body=body)
    batch = [
        events.uploaded(account.uploads, "collections/late/ada.jpg", len(body)),
        events.uploaded(account.uploads, "collections/late/absent.jpg", 1),
        {"Service": "Amazon S3", "Event": "s3:TestEvent"},
    ]
    records = [events.queued(event, "uploads")["Records"][0] | {"messageId": str(at)} for at, event in enumerate(batch)]
    told = start("on_uploads").invoke({"Records": records}).result
    assert told == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    faces = account.ask(start("api_handler"), "ListFaces", {"CollectionId": "late"})["Faces"]
    assert [face["ExternalImageId"] for face in faces] == ["ada"]


def test_signatures_are_checked_where_they_are_required(package: building.Package, server: Server) -> None:
    account = proof.Account.at(server.url)
    signed = proof.Account(server.url, {**account.environ, "LOOKALIKE_AUTH": "required"})
    key = made_key(signed)
    with signed.start(package, "api_handler") as api:
        for event in (events.rest, events.function_url):
            refused = api.invoke(event("ListCollections", {})).result
            assert (refused["statusCode"], refused["headers"]["x-amzn-ErrorType"]) == (
                400,
                "UnrecognizedClientException",
            )
            forged = api.invoke(event("ListCollections", {}, Credentials(key.access_key, "guessed"))).result
            assert forged["headers"]["x-amzn-ErrorType"] == "InvalidSignatureException"
            assert proof.answer(api.invoke(event("ListCollections", {}, key)))["CollectionIds"] == []


def test_nothing_but_tmp_can_be_written(tmp_path: Any) -> None:
    """The environment itself, with a function that tries."""
    if not container.can_isolate() or interpreter("3.11") is None:
        pytest.skip("no process may have mounts of its own here")
    package = building.Package(Target("3.11", os.uname().machine), tmp_path)
    package.function.mkdir()
    (package.layer("models") / "models").mkdir(parents=True)
    (package.function / "app.py").write_text(PROBE)
    with container.Container(package, "api_handler", {}) as probe:
        told = probe.invoke({"paths": ["/var/task", "/opt/models", "/opt", "/var", "/", "/tmp"]}).result
    assert told == {"written": ["/tmp"], "found": []}


PROBE = """
import importlib.util, os
def app(event, context):
    written = []
    for folder in event["paths"]:
        try:
            open(os.path.join(folder, "probe"), "w").close()
        except OSError:
            continue
        written.append(folder)
    found = [name for name in ("numpy", "pip", "chalice") if importlib.util.find_spec(name)]
    return {"written": written, "found": found}
"""


def video(account: proof.Account) -> dict[str, Any]:
    account.client("s3").put_object(Bucket=account.uploads, Key="another.mp4", Body=proof.film())
    return {"Video": {"S3Object": {"Bucket": account.uploads, "Name": "another.mp4"}}}


def made_key(account: proof.Account) -> Credentials:
    """A key in the account's table, as a person makes it."""
    aws = {"AWS_ENDPOINT_URL": account.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    command = [sys.executable, "-m", "chalicelib", "keys", "create", "--aws", "--user", "ada"]
    environ = os.environ | account.environ | aws | {"AWS_REGION": "us-east-1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    told = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
    return Credentials(told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"])
