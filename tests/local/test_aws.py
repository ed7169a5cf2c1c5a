"""moto in process: real botocore requests, no socket, nothing lost between threads."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from moto.dynamodb.models.dynamo_type import Item

from chalicelib.local.moto.aws import Aws, service_of
from chalicelib.wire.gateway import Request, Response


@pytest.fixture
def dynamodb(aws: Aws) -> Any:
    client = aws.client("dynamodb")
    client.create_table(
        TableName="counters",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def test_concurrent_updates_all_count(dynamodb: Any) -> None:
    def increment(_: int) -> None:
        dynamodb.update_item(
            TableName="counters",
            Key={"id": {"S": "one"}},
            UpdateExpression="ADD hits :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(increment, range(200)))
    assert dynamodb.get_item(TableName="counters", Key={"id": {"S": "one"}})["Item"]["hits"] == {"N": "200"}


def test_concurrent_creations_of_one_key_succeed_once(dynamodb: Any) -> None:
    def create(number: int) -> bool:
        try:
            dynamodb.put_item(
                TableName="counters",
                Item={"id": {"S": str(number // 8)}},
                ConditionExpression="attribute_not_exists(id)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(create, range(160))) == 20


def test_accounts_do_not_see_each_other(aws: Aws, dynamodb: Any) -> None:
    assert dynamodb.list_tables()["TableNames"] == ["counters"]
    assert Aws("999999999999").client("dynamodb").list_tables()["TableNames"] == []


def test_the_users_own_settings_do_not_reach_it(monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert Aws(account).client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_all_services_answer_in_process(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=f"photos-{aws.account}")
    s3.put_object(Bucket=f"photos-{aws.account}", Key="a/b c+d.jpg", Body=b"bytes")
    assert s3.get_object(Bucket=f"photos-{aws.account}", Key="a/b c+d.jpg")["Body"].read() == b"bytes"
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    sealed = aws.client("kms").encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    assert aws.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account


def by_port(aws: Aws, service: str, path: str, body: bytes, query: str = "", **headers: str) -> Response:
    """What a request that came through the port is answered."""
    scope = f"test/20260101/us-east-1/{service}/aws4_request"
    told = {"host": "localhost", "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=a, Signature=b"}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return aws.answer(Request("POST", path, query, told | more, body))


def test_nonsense_is_answered_as_the_service_answers(aws: Aws) -> None:
    target = {"x_amz_target": "DynamoDB_20120810.PutItem", "content_type": "application/x-amz-json-1.0"}
    item = by_port(aws, "dynamodb", "/", b"{", **target)
    assert (item.status, b"__type" in item.body) == (500, True)
    listed = by_port(aws, "s3", "/bucket", b"<xml", query="delete")
    assert (listed.status, listed.body.startswith(b"<Error>")) == (500, True)
    assert by_port(aws, "nosuchservice", "/", b"").status == 500


def test_the_service_is_known_by_signature_header_or_address() -> None:
    def service(query: str = "", **headers: str) -> str:
        return service_of(
            Request("GET", "/", query, {name.replace("_", "-"): text for name, text in headers.items()}, b"")
        )

    assert service(authorization="AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/sqs/aws4_request, Signed") == "sqs"
    assert service(query="X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=1") == "s3"
    assert service(x_amz_target="DynamoDB_20120810.GetItem") == "dynamodb"
    assert service() == "s3"


def test_what_is_deleted_is_gone_from_memory_too(dynamodb: Any) -> None:
    secret = uuid4().hex
    dynamodb.put_item(TableName="counters", Item={"id": {"S": "one"}, "secret": {"S": secret}})
    dynamodb.put_item(TableName="counters", Item={"id": {"S": "one"}})
    dynamodb.delete_item(TableName="counters", Key={"id": {"S": "one"}})
    gc.collect()
    kept = [thing for thing in gc.get_objects() if isinstance(thing, Item) and secret in repr(thing.attrs)]
    assert kept == []
