"""Scripts, recordings and resets as they are asked of the port."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Server

RULE = {"Operation": "ListFaces", "Match": {"Members": {"CollectionId": "scripted"}}, "Answer": {"Faces": []}}


def ask(server: Server, method: str, path: str, document: Any = None) -> Any:
    body = None if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
    with urlopen(Request(f"{server.url}/_lookalike/{path}", body, method=method)) as answer:
        return json.load(answer)


def refusal(server: Server, method: str, path: str, document: Any) -> str:
    with pytest.raises(HTTPError) as raised:
        ask(server, method, path, document)
    with raised.value as answer:
        assert answer.code == 400
        return str(json.load(answer)["Message"])


@pytest.fixture(autouse=True)
def own_script(server: Server) -> Any:
    """No test leaves a script to the others, who share the server."""
    yield
    ask(server, "DELETE", "script")


def test_a_script_is_put_told_added_to_and_deleted(server: Server) -> None:
    told = ask(server, "PUT", "script", {"Rules": [RULE | {"Times": 3}]})
    assert told == {"Rules": [RULE | {"Times": 3, "Left": 3, "Used": 0}], "Recording": False}
    client = server.client()
    assert client.list_faces(CollectionId="scripted")["Faces"] == []
    ask(server, "POST", "script", {"Rules": [{"Operation": "*", "Fault": {"DelayMilliseconds": 1}}]})
    assert [rule["Used"] for rule in ask(server, "GET", "script")["Rules"]] == [1, 0]
    assert ask(server, "PUT", "script", told)["Rules"] == told["Rules"], "what is told can be put"
    assert ask(server, "DELETE", "script")["Rules"] == []
    with pytest.raises(ClientError, match="does not exist"):
        client.list_faces(CollectionId="scripted")


def test_a_script_that_aws_could_not_obey_is_refused_and_changes_nothing(server: Server) -> None:
    ask(server, "PUT", "script", {"Rules": [RULE]})
    wrong = {"Rules": [{"Operation": "ListFaces", "Answer": {"Faces": [{"FaceID": "a"}]}}]}
    assert "ListFaces.Faces[0] has no member 'FaceID'" in refusal(server, "PUT", "script", wrong)
    assert "not JSON" in refusal(server, "PUT", "script", b"{")
    assert '{"Rules": [...]}' in refusal(server, "POST", "script", [RULE])
    assert len(ask(server, "GET", "script")["Rules"]) == 1


def test_what_is_scripted_is_still_validated(server: Server) -> None:
    ask(server, "PUT", "script", {"Rules": [{"Operation": "ListFaces", "Answer": {"Faces": []}}]})
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        server.client().list_faces(CollectionId="not a name")


def test_errors_reach_clients_as_aws_sends_them(server: Server) -> None:
    error = {"Code": "ProvisionedThroughputExceededException", "Message": "Slow down"}
    ask(server, "PUT", "script", {"Rules": [{"Operation": "ListCollections", "Error": error, "Times": 1}]})
    client = server.client()
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException, match="Slow down"):
        client.list_collections()
    assert "CollectionIds" in client.list_collections()


def test_real_answers_are_recorded(server: Server, astronaut: bytes) -> None:
    assert ask(server, "PUT", "script/recording") == {"Rules": []}
    real = server.client().detect_faces(Image={"Bytes": astronaut})["FaceDetails"]
    (rule,) = ask(server, "GET", "script/recording")["Rules"]
    assert rule["Match"] == {"Sha256": [hashlib.sha256(astronaut).hexdigest()]}
    script = ask(server, "DELETE", "script/recording")
    assert script["Rules"] == [rule]
    assert ask(server, "GET", "script/recording")["Rules"] == []
    ask(server, "PUT", "script", script)
    assert server.client().detect_faces(Image={"Bytes": astronaut})["FaceDetails"] == real
    assert ask(server, "GET", "script")["Rules"][0]["Used"] == 1


def test_a_reset_forgets_everything(server: Server) -> None:
    server.client().create_collection(CollectionId="forgotten")
    server.client("s3").create_bucket(Bucket="forgotten")
    ask(server, "PUT", "script", {"Rules": [RULE]})
    assert ask(server, "POST", "reset") == {}
    assert server.client().list_collections()["CollectionIds"] == []
    assert "forgotten" not in {bucket["Name"] for bucket in server.client("s3").list_buckets()["Buckets"]}
    assert ask(server, "GET", "script")["Rules"] == []
