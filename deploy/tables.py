"""The DynamoDB tables as Terraform wants them: `tables.json`, made from what the store makes for itself.

The store creates its tables in an account of moto's that nobody else uses; what is then described is the schema.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from chalicelib.backend import build
from chalicelib.config import Settings
from chalicelib.local.moto.aws import Aws

FILE = Path(__file__).parent / "tables.json"
_PREFIX = "schema"

Schema = dict[str, dict[str, Any]]
"""By the name behind the prefix: hash_key, range_key (or null), attributes (name to type), ttl (or null)."""


def schema() -> Schema:
    """The tables that the program makes for itself."""
    aws = Aws(f"{uuid4().int % 10**12:012d}")
    settings = Settings(models=Path(), account=aws.account, table_prefix=_PREFIX)
    build(settings, aws.session).store.create_tables()
    client = aws.client("dynamodb")
    names = sorted(client.list_tables()["TableNames"])
    return {name.removeprefix(f"{_PREFIX}-"): _described(client, name) for name in names}


def kept() -> Schema:
    """The tables in `tables.json`."""
    found: Schema = json.loads(FILE.read_text())
    return found


def keep() -> None:
    """Write `tables.json`."""
    FILE.write_text(json.dumps(schema(), indent=2) + "\n")


def create(client: Any, prefix: str) -> None:
    """Make the tables of `tables.json` through a client, as Terraform does."""
    for name, table in kept().items():
        keys = [("HASH", table["hash_key"]), ("RANGE", table["range_key"])]
        client.create_table(
            TableName=f"{prefix}-{name}",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for kind, key in keys if key],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": kind} for key, kind in table["attributes"].items()
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        if table["ttl"]:
            specification = {"Enabled": True, "AttributeName": table["ttl"]}
            client.update_time_to_live(TableName=f"{prefix}-{name}", TimeToLiveSpecification=specification)


def _described(client: Any, name: str) -> dict[str, Any]:
    table = client.describe_table(TableName=name)["Table"]
    if table.get("GlobalSecondaryIndexes") or table.get("LocalSecondaryIndexes"):
        raise NotImplementedError(f"{name} has an index, of which terraform/storage.tf knows nothing")
    keys = {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return {
        "hash_key": keys["HASH"],
        "range_key": keys.get("RANGE"),
        "attributes": {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]},
        "ttl": ttl.get("AttributeName"),
    }
