"""moto's DynamoDB, made to cost what the data touched costs.

Seen in moto 5.2: a transaction first copies every table that it names, item by item, so that it can roll back, and a
query sorts all items of the table to answer from one partition. With 20,000 items that took 1.26 s and .36 s; here a
transaction keeps copies of its own items alone and a query looks into its own partition: 3.8 ms and 3.7 ms.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple, cast

import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core import responses
from moto.core.botocore_stubber import MockRawResponse
from moto.core.common_types import TYPE_RESPONSE
from moto.core.request import normalize_request
from moto.core.responses import ActionResult
from moto.core.utils import method_names_from_class
from moto.dynamodb import urls
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult
from werkzeug.exceptions import HTTPException

_ABOUT_ITEMS = frozenset(
    {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"}
)
_MEMBERS = (
    *("Attributes", "ConsumedCapacity", "Count", "Item", "ItemCollectionMetrics", "Items", "LastEvaluatedKey"),
    *("Responses", "ScannedCount", "UnprocessedItems", "UnprocessedKeys"),
)
_PROJECT = Item.project
_QUERY = inspect.signature(Table.query)


@cache
def install() -> None:
    """Let accounts first used from now on have these tables, and requests be answered by `Handler`; once a process."""
    dynamodb_backends.backend = Tables
    urls.url_paths["{0}/"] = Handler.dispatch
    Item.project = _project  # type: ignore[assignment,method-assign]  # moto's own is too slow
    vars(responses)["method_names_from_class"] = cache(method_names_from_class)  # it inspects the class at each call


def _project(item: Item, projection_expressions: list[list[str]]) -> Item:
    """The item with the attributes named. moto's way is through Python's types and back, once for each of them."""
    if any(len(path) != 1 or "[" in path[0] for path in projection_expressions):
        return _PROJECT(item, projection_expressions)
    projected = Item(item.hash_key, item.range_key, {})
    found = {name: item.attrs[name] for (name,) in projection_expressions if name in item.attrs}
    dict.update(projected.attrs, found)  # without the sizes that moto adds up at each
    return projected


def answer(request: AWSPreparedRequest) -> AWSResponse:
    """Answer a client in this process. moto's own way first tries the addresses of two hundred services."""
    normalized = normalize_request(request)
    try:
        status, headers, body = urls.url_paths["{0}/"](normalized, normalized.raw_url, normalized.headers)
    except HTTPException as error:
        status, headers, body = error.code or 500, dict(error.get_headers()), error.get_body()
    return AWSResponse(request.url, int(status), headers, MockRawResponse(body))


class _View:
    """An object with some attributes replaced, for a method of moto that should see no more than it needs."""

    def __init__(self, viewed: object, **replaced: Any) -> None:
        self._viewed = viewed
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._viewed, name)


class Handler(DynamoHandler):
    """Writes the answers about items as they are: moto looks for each of ten members in each value, by four names."""

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        if not isinstance(action_result, DynamoResult) or self._get_action() not in _ABOUT_ITEMS:
            return super().serialized(action_result)
        result = cast("dict[str, Any]", action_result.result)
        body = msgspec.json.encode({name: result[name] for name in _MEMBERS if result.get(name) is not None})
        headers = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": str(len(body))}
        return 200, headers | self.response_headers, body


class ItemKey(NamedTuple):
    """Where an item is."""

    table: str
    hash_key: DynamoType
    range_key: DynamoType | None


class PartitionedTable(Table):
    """A table that answers a query from the partition it names."""

    def query(self, hash_key: DynamoType | None, *args: Any, **options: Any) -> Any:
        """As moto's; an index is still found by reading all items, though not by sorting them."""
        index = _QUERY.bind(self, hash_key, *args, **options).arguments.get("index_name")
        items = self._items() if index else self._partition(hash_key)
        view = cast("Table", _View(self, all_items=lambda: items))
        return Table.query(view, hash_key, *args, **options)

    def _items(self) -> list[Item]:
        if not self.range_key_attr:
            return cast("list[Item]", list(self.items.values()))
        return [item for partition in self.items.values() for item in partition.values()]

    def _partition(self, hash_key: DynamoType | None) -> list[Item]:
        found = self.items.get(hash_key)
        if not found:
            return []
        return list(found.values()) if self.range_key_attr else [cast("Item", found)]


class Tables(DynamoDBBackend):
    """One account's tables in one region, which remember the items that may have changed."""

    _url_module = urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.touched: set[ItemKey] = set()

    def put_item(self, table_name: str, item_attrs: dict[str, Any], *args: Any, **options: Any) -> Item:
        self._touch(table_name, item_attrs)
        return super().put_item(table_name, item_attrs, *args, **options)

    def update_item(self, table_name: str, key: dict[str, Any], *args: Any, **options: Any) -> Item:
        self._touch(table_name, key)
        return super().update_item(table_name, key, *args, **options)

    def delete_item(self, table_name: str, key: dict[str, Any], *args: Any, **options: Any) -> Item | None:
        self._touch(table_name, key)
        return super().delete_item(table_name, key, *args, **options)

    def _touch(self, table_name: str, attributes: dict[str, Any]) -> None:
        table = self.get_table(table_name)
        with suppress(MockValidationException):  # moto will say what is wrong with the key
            self.touched.add(ItemKey(table.name, *self.get_keys_value(table, attributes)))

    def create_table(self, *args: Any, **options: Any) -> Table:
        table = super().create_table(*args, **options)
        table.__class__ = PartitionedTable  # type: ignore[type-abstract]  # moto names its own class where it makes one
        return table

    def transact_write_items(self, transact_items: list[dict[str, Any]]) -> None:
        """All or nothing; on failure the items it names are as they were."""
        before = [self._saved(operation) for entry in transact_items for operation in entry.values()]
        streams = [(table, len(table.stream_shard.items)) for table in self.tables.values() if table.stream_shard]
        try:
            # Without `tables` moto finds nothing to back up; all else it reads and writes through this backend.
            DynamoDBBackend.transact_write_items(cast("DynamoDBBackend", _View(self, tables={})), transact_items)
        except BaseException:
            _restore(saved for saved in before if saved)
            for table, length in streams:
                assert table.stream_shard is not None
                del table.stream_shard.items[length:]
            raise

    def _saved(self, operation: Mapping[str, Any]) -> tuple[Table, DynamoType, DynamoType | None, Item | None] | None:
        """What the operation is about to change, or None where it will be refused."""
        table = self.tables.get(operation.get("TableName", ""))
        if table is None:
            return None
        try:
            hash_key, range_key = self.get_keys_value(table, operation.get("Item") or operation.get("Key") or {})
        except MockValidationException:
            return None
        return table, hash_key, range_key, copy.deepcopy(table.get_item(hash_key, range_key))


def _restore(saved: Iterable[tuple[Table, DynamoType, DynamoType | None, Item | None]]) -> None:
    for table, hash_key, range_key, item in saved:
        partition: dict[Any, Any] = table.items if range_key is None else table.items[hash_key]
        key = hash_key if range_key is None else range_key
        if item is None:
            partition.pop(key, None)
        else:
            partition[key] = item
