"""moto's DynamoDB as we mend it: transactions and queries, whole and cheap."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from moto.core.responses import ActionResult
from moto.dynamodb import urls
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from chalicelib.local.moto.aws import Aws
from chalicelib.local.moto.dynamodb import _PROJECT, Handler, PartitionedTable, Tables


@pytest.fixture
def dynamodb(aws: Aws) -> Any:
    client = aws.client("dynamodb")
    client.create_table(
        TableName="faces",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in (("pk", "S"), ("sk", "N"), ("label", "S"))
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-label",
                "KeySchema": [
                    {"AttributeName": "label", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return client


def key(partition: str, sort: int) -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"N": str(sort)}}


def put(partition: str, sort: int, **condition: str) -> dict[str, Any]:
    item = key(partition, sort) | {"label": {"S": f"label {sort % 3}"}}
    return {"Put": {"TableName": "faces", "Item": item, **condition}}


def increment(partition: str, sort: int) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "faces",
            "Key": key(partition, sort),
            "UpdateExpression": "ADD version :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def remove(partition: str, sort: int) -> dict[str, Any]:
    return {"Delete": {"TableName": "faces", "Key": key(partition, sort)}}


def everything(dynamodb: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = dynamodb.scan(TableName="faces")["Items"]
    return items


def test_our_tables_are_in_use(aws: Aws, dynamodb: Any) -> None:
    backend = dynamodb_backends[aws.account][aws.region]
    assert isinstance(backend, Tables)
    assert isinstance(backend.tables["faces"], PartitionedTable)


def test_a_transaction_writes_all(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a", 1), put("b", 1), increment("a", 2)])
    dynamodb.transact_write_items(TransactItems=[remove("a", 1), increment("a", 2), put("c", 7)])
    assert [(item["pk"]["S"], item["sk"]["N"]) for item in everything(dynamodb)] == [("a", "2"), ("b", "1"), ("c", "7")]
    assert everything(dynamodb)[0]["version"] == {"N": "2"}


def test_a_refused_transaction_changes_nothing(aws: Aws, dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a", 1), increment("a", 2)])
    before = everything(dynamodb)
    streams = aws.client("dynamodbstreams")
    arn = streams.list_streams()["Streams"][0]["StreamArn"]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refused:
        dynamodb.transact_write_items(
            TransactItems=[
                remove("a", 1),
                increment("a", 2),
                put("new", 1),
                increment("newer", 1),
                put("a", 3, ConditionExpression="attribute_exists(pk)"),
            ]
        )
    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert reasons == ["None", "None", "None", "None", "ConditionalCheckFailed"]
    assert everything(dynamodb) == before
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    position = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=position["ShardIterator"])["Records"]
    assert len([record for record in records if record["dynamodb"]["Keys"]["pk"]["S"] == "new"]) == 0


def test_a_transaction_may_not_touch_an_item_twice(dynamodb: Any) -> None:
    with pytest.raises(dynamodb.exceptions.ClientError):
        dynamodb.transact_write_items(TransactItems=[put("a", 1), increment("a", 1)])
    assert everything(dynamodb) == []


def test_a_query_reads_its_partition_in_order(dynamodb: Any) -> None:
    for sort in (10, 9, 2, 1, 30):
        dynamodb.transact_write_items(TransactItems=[put("a", sort), put("b", sort)])

    def query(**options: Any) -> list[int]:
        found = dynamodb.query(
            TableName="faces", ExpressionAttributeValues={":pk": {"S": "a"}} | options.pop("values", {}), **options
        )
        assert {item["pk"]["S"] for item in found["Items"]} <= {"a"}
        return [int(item["sk"]["N"]) for item in found["Items"]]

    assert query(KeyConditionExpression="pk = :pk") == [1, 2, 9, 10, 30]
    assert query(KeyConditionExpression="pk = :pk", ScanIndexForward=False) == [30, 10, 9, 2, 1]
    assert query(KeyConditionExpression="pk = :pk AND sk > :low", values={":low": {"N": "2"}}) == [9, 10, 30]
    assert query(KeyConditionExpression="pk = :pk", Limit=2, ExclusiveStartKey=key("a", 2)) == [9, 10]
    assert query(KeyConditionExpression="pk = :pk", values={":pk": {"S": "absent"}}) == []


def test_a_query_of_an_index_reads_all_partitions(dynamodb: Any) -> None:
    for sort in range(9):
        dynamodb.transact_write_items(TransactItems=[put("a", sort), put("b", sort)])
    found = dynamodb.query(
        TableName="faces",
        IndexName="by-label",
        KeyConditionExpression="label = :label",
        ExpressionAttributeValues={":label": {"S": "label 1"}},
    )
    assert [(item["sk"]["N"], item["pk"]["S"]) for item in found["Items"]] == [
        (str(sort), partition) for sort in (1, 4, 7) for partition in "ab"
    ]


class Recorded(Handler):
    """Answers as ours, and remembers how moto itself would have."""

    motos: ClassVar[list[Any]] = []

    def serialized(self, action_result: ActionResult) -> Any:
        _, _, body = DynamoHandler.serialized(self, action_result)
        status, headers, ours = super().serialized(action_result)
        self.motos.append((json.loads(body), json.loads(ours)))
        return status, headers, ours


def test_answers_about_items_are_motos(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(urls.url_paths, "{0}/", Recorded.dispatch)
    monkeypatch.setattr(Recorded, "motos", [])
    values: dict[str, Any] = {
        "s": {"S": "é"},
        "n": {"N": "1.50"},
        "b": {"B": b"\x00\xff"},
        "ss": {"SS": ["a", "b"]},
        "bs": {"BS": [b"\x01"]},
        "null": {"NULL": True},
        "bool": {"BOOL": False},
        "map": {"M": {"list": {"L": [{"B": b"\x02"}, {"M": {}}]}, "empty": {"S": ""}}},
    }
    where: dict[str, Any] = {"TableName": "faces", "ReturnConsumedCapacity": "TOTAL"}
    for sort in (1, 2):
        dynamodb.put_item(**where, Item=key("a", sort) | values, ReturnValues="ALL_OLD")
    dynamodb.put_item(**where, Item=key("a", 1) | values, ReturnValues="ALL_OLD")
    dynamodb.get_item(**where, Key=key("a", 1))
    dynamodb.get_item(**where, Key=key("absent", 1))
    dynamodb.update_item(
        **where,
        Key=key("a", 1),
        UpdateExpression="SET s = :new",
        ExpressionAttributeValues={":new": {"S": "new"}},
        ReturnValues="ALL_NEW",
    )
    dynamodb.query(**where, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "a"}}, Limit=1)
    dynamodb.scan(**where, Limit=1)
    dynamodb.batch_get_item(RequestItems={"faces": {"Keys": [key("a", 1), key("a", 9)]}})
    dynamodb.batch_write_item(RequestItems={"faces": [{"DeleteRequest": {"Key": key("a", 2)}}]})
    dynamodb.delete_item(**where, Key=key("a", 1), ReturnValues="ALL_OLD")
    assert len(Recorded.motos) == 11
    for motos, ours in Recorded.motos:
        assert ours == motos


@pytest.mark.parametrize("names", ["label", "label, pk, absent", "nested.inner", "listed[1]", "label, nested"])
def test_what_is_asked_for_is_what_moto_finds(aws: Aws, dynamodb: Any, names: str) -> None:
    nested = {"nested": {"M": {"inner": {"N": "1.50"}, "other": {"S": ""}}}, "listed": {"L": [{"S": "a"}, {"B": b"b"}]}}
    dynamodb.put_item(TableName="faces", Item=key("a", 1) | {"label": {"S": "é"}} | nested)
    (item,) = dynamodb_backends[aws.account][aws.region].tables["faces"].all_items()
    paths = [path.strip().split(".") for path in names.split(",")]
    assert item.project(paths).attrs == _PROJECT(item, paths).attrs
    found = dynamodb.get_item(TableName="faces", Key=key("a", 1), ProjectionExpression=names)["Item"]
    scanned = dynamodb.scan(TableName="faces", ProjectionExpression=names)["Items"]
    assert scanned == [found]
    assert "absent" not in found
