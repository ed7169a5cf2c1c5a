"""DynamoDB's tables and items, kept and restored. The streams of a table begin anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from ..moto.dynamodb import ItemKey
from .rows import Rows, of, owned
from .sealing import SEPARATOR, Row
from .state import Changes, State

_ITEM_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")


class KeptTables:
    """The tables of all accounts and regions."""

    def __init__(self, state: State, rows: Rows) -> None:
        self._state = state
        self._rows = rows

    def collect(self, operation: str, changes: Changes) -> None:
        """Add what the operation may have changed."""
        for owner, backend in owned(dynamodb_backends):
            for key in backend.touched:
                if (table := backend.tables.get(key.table)) is not None:
                    changes.values[_row(owner, key)] = _encoded(table.get_item(key.hash_key, key.range_key))
            backend.touched.clear()
            if operation not in _ITEM_WRITES:
                self._definitions(owner, backend.tables, changes)

    def restore(self) -> None:
        """Give moto what was kept."""
        for row, table in self._rows.read("dynamodb", "table", compared=True):
            of(dynamodb_backends, row.owner).tables[row.name] = table
        for row, content in self._state.rows("dynamodb", "item"):
            _add(of(dynamodb_backends, row.owner).tables[row.name.split(SEPARATOR)[0]], content)

    def _definitions(self, owner: str, tables: dict[str, Table], changes: Changes) -> None:
        for row in self._rows.compared("dynamodb", owner, "table"):
            if row.name not in tables:
                self._rows.drop(changes, row)
                changes.emptied.append(row._replace(kind="item", name=row.name + SEPARATOR))
        for table in tables.values():
            if self._rows.compare(changes, Row("dynamodb", owner, "table", table.name), table):
                for key, item in _all(table):  # one restored from a backup begins with items
                    changes.values[_row(owner, key)] = _encoded(item)


def _row(owner: str, key: ItemKey) -> Row:
    keys = [part and part.to_json() for part in (key.hash_key, key.range_key)]
    return Row("dynamodb", owner, "item", f"{key.table}{SEPARATOR}{msgspec.json.encode(keys).decode()}")


def _all(table: Table) -> Iterator[tuple[ItemKey, Item]]:
    for item in table.all_items():
        yield ItemKey(table.name, item.hash_key, item.range_key), item


def _encoded(item: Item | None) -> bytes | None:
    if item is None:
        return None
    return msgspec.msgpack.encode({name: _plain(value) for name, value in item.attrs.items()})


def _plain(value: Any) -> Any:
    """A DynamoType as DynamoDB's JSON has it, binary values as they are."""
    if not isinstance(value, DynamoType):
        return value
    content = value.value
    if value.is_list():
        content = [_plain(part) for part in content]
    elif value.is_map():
        content = {name: _plain(part) for name, part in content.items()}
    return {value.type: content}


def _add(table: Table, content: bytes) -> None:
    attributes = {name: DynamoType(value) for name, value in msgspec.msgpack.decode(content).items()}
    hash_key = attributes[table.hash_key_attr]
    range_key = attributes[table.range_key_attr] if table.range_key_attr is not None else None
    item = Item(hash_key, range_key, {})
    dict.update(item.attrs, attributes)  # without the sizes that moto adds up at each attribute: they were checked
    items: dict[Any, Any] = table.items
    if range_key is None:
        items[hash_key] = item
    else:
        items[hash_key][range_key] = item
