"""A server that asks for signatures, and requests signed as AWS's SDKs sign them, at any time and with any key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.api.clients import environment, printed
from tests.conftest import ROOT

COMMAND = [sys.executable, "-m", "chalicelib"]
_EXPORTED = re.compile(r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)=(\S+)")
_CODE = re.compile(rb'<Code>(\w+)</Code>|"__type": ?"(?:[\w.]+#)?(\w+)"')
POOL = urllib3.PoolManager()


@dataclass(frozen=True)
class Held:
    """An access key, as `lookalike keys create` prints it."""

    id: str
    secret: str
    token: str | None = None

    @classmethod
    def printed(cls, text: str) -> Held:
        found = dict(_EXPORTED.findall(text))
        return cls(found["ACCESS_KEY_ID"], found["SECRET_ACCESS_KEY"])


@dataclass(frozen=True)
class Guarded:
    """A server whose data directory and first key are known."""

    url: str
    data_dir: Path
    key: Held
    certificate: Path | None = None

    def client(self, service: str, key: Held | None = None, **config: Any) -> Any:
        """A boto3 client that signs with `key`, the first one unless it is given."""
        held = key or self.key
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=held.id,
            aws_secret_access_key=held.secret,
            aws_session_token=held.token,
            config=Config(retries={"max_attempts": 0}, **config),
            verify=None if self.certificate is None else str(self.certificate),
        )

    def environment(self) -> dict[str, str]:
        """What a shell has that exported the first key."""
        return environment(self.url, self.key.id, self.key.secret)

    def another_key(self, policy: object = None) -> Held:
        """Bob's, made while the server runs."""
        options = []
        if policy is not None:
            file = self.data_dir.parent / "policy.json"
            file.write_text(json.dumps(policy))
            options = ["--policy", str(file)]
        return Held.printed(lookalike("keys", "create", "--data-dir", str(self.data_dir), "--user", "bob", *options))


def lookalike(*arguments: str, fails: bool = False, **environ: str) -> str:
    """What the command prints; where it fails, its line on stderr."""
    return printed(*COMMAND, *arguments, environ=os.environ | environ, fails=fails)


@contextmanager
def serving(data_dir: Path, *options: str) -> Iterator[str]:
    """The URL of a server that asks for signatures."""
    command = [*COMMAND, "serve", "--port", "0", "--data-dir", str(data_dir), "--auth", "required", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            assert lines[0], "the server did not start: it says why above"
            yield lines[0].split()[-1]
        finally:
            process.terminate()


class _At(SigV4Auth):  # type: ignore[misc]  # botocore's has no types
    """Signs as if it were some minutes ago."""

    ago = timedelta()

    def add_auth(self, request: AWSRequest) -> None:
        request.context["timestamp"] = f"{datetime.now(UTC) - self.ago:%Y%m%dT%H%M%SZ}"
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))


class _S3At(_At, S3SigV4Auth):  # type: ignore[misc]
    """The same for S3."""


@dataclass(frozen=True)
class Asked:
    """A request that was not sent yet."""

    service: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def signed(self, url: str, key: Held, minutes: float = 0) -> Asked:
        """The same with its signature, which is so many minutes old."""
        request = AWSRequest(self.method, url + self.path, dict(self.headers), self.body)
        signer = (_S3At if self.service == "s3" else _At)(
            Credentials(key.id, key.secret, key.token), self.service, "us-east-1"
        )
        signer.ago = timedelta(minutes=minutes)
        signer.add_auth(request)
        headers = {
            name: value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.prepare().headers.items()
            if name.lower() != "content-length"  # of the body that is sent in the end
        }
        return Asked(self.service, self.method, self.path, headers, self.body)

    def send(self, url: str) -> tuple[int, str]:
        """The status and the code of the error; "" where there is none."""
        answer = POOL.request(self.method, url + self.path, body=self.body, headers=dict(self.headers), retries=False)
        found = _CODE.search(answer.data)
        return answer.status, (found[1] or found[2]).decode() if found else ""


JSON = {"Content-Type": "application/x-amz-json-1.1"}
SERVICES = {
    "rekognition": Asked(
        "rekognition", "POST", "/", {"X-Amz-Target": "RekognitionService.ListCollections"} | JSON, b"{}"
    ),
    "dynamodb": Asked("dynamodb", "POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"} | JSON, b"{}"),
    "s3": Asked("s3", "PUT", "/guarded/a.jpg", {}, b"photo"),
    "sns": Asked(
        "sns",
        "POST",
        "/",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"Action=ListTopics&Version=2010-03-31",
    ),
}
"""A request that each way of wording an error answers."""
NOBODY = Held("AKIAABSENT", "secret")
