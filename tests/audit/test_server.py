"""The log of a server that answers sixteen at once, indexes what is uploaded, and is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.audit.log import files
from chalicelib.audit.reading import records, verify
from tests.conftest import ROOT, Server
from tests.servers import serving

CLIENTS, CALLS = 16, 12


def lookalike(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chalicelib", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def answered(server: Server) -> list[str]:
    """The ids of the requests that sixteen clients had answered."""

    def ask(number: int) -> list[str]:
        client = server.client()
        made = client.create_collection(CollectionId=f"c{number}")
        ids = [made["ResponseMetadata"]["RequestId"]]
        for _ in range(CALLS):
            with pytest.raises(ClientError) as refused:
                client.describe_collection(CollectionId="nowhere")
            ids.append(refused.value.response["ResponseMetadata"]["RequestId"])
        return ids

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [one for ids in pool.map(ask, range(CLIENTS)) for one in ids]


def said(folder: Path) -> list[dict[str, Any]]:
    return [dict(record) for _, record in records(files(folder))]


def test_every_answered_call_survives_a_kill(tmp_path: Path, models: Path, astronaut: bytes) -> None:
    with serving(tmp_path) as server:
        ids = answered(server)
        server.client("s3").put_object(
            Bucket="lookalike-uploads", Key="collections/staff/eileen.collins.jpg", Body=astronaut
        )
        until = time.monotonic() + 60
        while not any(one["eventName"] == "IndexFaces" and "errorCode" not in one for one in said(tmp_path)):
            assert time.monotonic() < until, Counter(one["eventName"] for one in said(tmp_path))
            time.sleep(0.2)
    assert verify(tmp_path).records >= len(ids)
    kept = {one.get("requestID"): one for one in said(tmp_path)}
    assert set(ids) <= set(kept)
    assert Counter(kept[one].get("errorCode", "") for one in ids) == {
        "": CLIENTS,
        "ResourceNotFoundException": CLIENTS * CALLS,
    }
    assert kept[ids[0]]["sourceIPAddress"] == "127.0.0.1"
    assert kept[ids[0]]["userIdentity"]["accessKeyId"] == "test"
    (indexed,) = [one for one in kept.values() if one["eventName"] == "IndexFaces" and "errorCode" not in one]
    assert indexed["userIdentity"]["invokedBy"] == "uploads"
    assert indexed["additionalEventData"]["facesOut"] == 1
    assert "eileen" not in json.dumps(said(tmp_path))

    with serving(tmp_path) as server:  # goes on where it was
        server.client().list_collections()
        shown = lookalike("audit", "show", "--data-dir", str(tmp_path), "--operation", "ListCollections", "--json")
        assert [json.loads(line)["eventName"] for line in shown.stdout.splitlines()] == ["ListCollections"]
        found = lookalike(
            "audit", "show", "--data-dir", str(tmp_path), "--about", "eileen.collins", "--since", "1h", "--json"
        )
        assert {json.loads(line)["eventName"] for line in found.stdout.splitlines()} == {"IndexFaces"}
    proved = lookalike("audit", "verify", "--data-dir", str(tmp_path))
    assert (proved.returncode, proved.stderr) == (0, "")
    noted = proved.stdout.split()[-1]

    path = files(tmp_path)[-1]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    cut = lookalike("audit", "verify", "--data-dir", str(tmp_path), "--expect", noted)
    assert cut.returncode == 1
    assert "the end is missing" in cut.stderr
    path.write_bytes(b"".join([*lines[:4], lines[4].replace(b"127.0.0.1", b"127.0.0.2"), *lines[5:]]))
    changed = lookalike("audit", "verify", "--data-dir", str(tmp_path))
    assert changed.returncode == 1
    assert f"{path}:5: it was changed" in changed.stderr
