"""`lookalike serve`, as a person starts and stops it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT, Server

COMMAND = [sys.executable, "-m", "chalicelib"]


@contextmanager
def serving(*options: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process and the three lines it prints."""
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environ,
    ) as process:
        assert process.stdout is not None
        yield process, [process.stdout.readline().rstrip() for _ in range(4)]
        process.kill()


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environ,
    )


def refused(*arguments: str, **environ: str) -> str:
    """The one line on stderr with which a start is refused."""
    done = run(*arguments, **environ)
    assert done.returncode == 1, done.stdout
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("lookalike: ")
    return line


def test_a_pack_of_another_version_is_told(models: Path, tmp_path: Path) -> None:
    (tmp_path / "core").symlink_to(models / "core")
    (tmp_path / "faces-fast").mkdir()
    (tmp_path / "faces-fast" / "yunet.onnx").write_bytes(b"as an earlier version built it")
    assert "lookalike models pull faces-fast" in refused("serve", "--memory", LOOKALIKE_MODELS=str(tmp_path))


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_what_to_export_and_stops_cleanly(number: signal.Signals) -> None:
    with serving("--memory", AWS_PROFILE="absent", AWS_ENDPOINT_URL="http://127.0.0.1:1") as (process, lines):
        url = lines[0].removeprefix("Lookalike serves Rekognition on ")
        assert lines[1] == f"export AWS_ENDPOINT_URL={url}"
        assert lines[3] == f"See it at {url}/_lookalike/"
        assert lines[2].startswith("export AWS_ACCESS_KEY_ID=")
        with urlopen(f"{url}/_lookalike/health") as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")


@pytest.mark.usefixtures("models")
def test_what_it_keeps_is_there_again(tmp_path: Path, astronaut: bytes) -> None:
    faces: list[str] = []
    for turn in range(2):
        with serving("--data-dir", str(tmp_path / "data")) as (process, lines):
            rekognition = Server(lines[0].split()[-1], process).client()
            if turn == 0:
                rekognition.create_collection(CollectionId="staff")
                answer = rekognition.index_faces(CollectionId="staff", Image={"Bytes": astronaut})
                faces += [record["Face"]["FaceId"] for record in answer["FaceRecords"]]
                assert "in use by process" in refused("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
            else:
                found = rekognition.search_faces_by_image(CollectionId="staff", Image={"Bytes": astronaut})
                assert [match["Face"]["FaceId"] for match in found["FaceMatches"]] == faces
            process.kill()
    assert len(faces) == 1


@pytest.mark.usefixtures("models")
def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("serve", "--memory", "--port", str(port))
    assert f"127.0.0.1:{port}" in line
    assert "--port 0" in line


@pytest.mark.usefixtures("models")
def test_an_unwritable_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "--data-dir" in refused("serve", "--port", "0", "--data-dir", str(tmp_path / "file" / "data"))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_other_machines_are_not_let_in(host: str) -> None:
    assert "--auth required" in refused("serve", "--memory", "--host", host)


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    assert "lookalike models pull" in refused("serve", "--memory", LOOKALIKE_MODELS=str(tmp_path))


def test_a_damaged_model_is_told(models: Path, tmp_path: Path) -> None:
    for path in (models / "core").iterdir():
        target = tmp_path / "core" / path.name
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(path) if path.suffix != ".onnx" else target.write_bytes(b"damaged")
    assert "lookalike models pull" in refused("serve", "--memory", LOOKALIKE_MODELS=str(tmp_path))


@pytest.mark.usefixtures("models")
def test_wrong_rules_are_told_at_the_start() -> None:
    assert "LOOKALIKE_UPLOAD_RULES" in refused("serve", "--memory", LOOKALIKE_UPLOAD_RULES="nonsense")


@pytest.mark.usefixtures("models")
def test_wrong_rates_are_told_at_the_start() -> None:
    assert "LOOKALIKE_RATE_LIMITS" in refused("serve", "--memory", LOOKALIKE_RATE_LIMITS="nonsense")


@pytest.mark.usefixtures("models")
def test_whoever_comes_too_often_is_told_to_try_again(tmp_path: Path) -> None:
    with serving("--memory", LOOKALIKE_RATE_LIMITS='{"ListCollections": 0.01}') as (process, lines):
        rekognition = Server(lines[0].split()[-1], process).client()
        assert rekognition.list_collections()["CollectionIds"] == []
        with pytest.raises(rekognition.exceptions.ProvisionedThroughputExceededException):
            rekognition.list_collections()


def test_moto_control_page_is_shut(server: Server) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="kept")
    with pytest.raises(Exception, match="404"):
        urlopen(f"{server.url}/moto-api/reset", data=b"")
    s3.head_bucket(Bucket="kept")


def test_services_beside_rekognition_answer(server: Server) -> None:
    assert server.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert server.client("dynamodb").list_tables()["TableNames"]
    topic = server.client("sns").create_topic(Name="results")["TopicArn"]
    sqs = server.client("sqs")
    queue = sqs.create_queue(QueueName="results")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    server.client("sns").publish(TopicArn=topic, Message="done")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["Message"] == "done"


def test_the_version_is_printed() -> None:
    from chalicelib import __version__

    assert run("version").stdout.strip() == __version__


def test_an_evaluation_there_is_not_is_told() -> None:
    done = run("evaluate", "weather")
    assert done.returncode == 2
    assert "weather" in done.stderr
