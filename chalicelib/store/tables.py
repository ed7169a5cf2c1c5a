"""DynamoDB's tables as pynamodb models, over a botocore session that is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from botocore.session import Session
from pynamodb.attributes import BinaryAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import TableError
from pynamodb.models import Model

from ..errors import SetupError


class SessionConnection(Connection):
    """pynamodb's connection through `session`: the only way in for a session whose clients end elsewhere."""

    def __init__(self, session: Session, region: str) -> None:
        super().__init__(region=region, max_pool_connections=64)
        self._session = session
        assert self.client  # made now: botocore makes clients in one thread at a time only

    @property
    def session(self) -> Session:
        return self._session


class Item(Model):
    """A model that states no table: `bound` gives it one."""

    @classmethod
    def bound(cls, connection: Connection, table_name: str) -> type[Self]:
        """This model over `connection`; two connections in one process do not meet."""
        bound: type[Self] = type(cls.__name__, (cls,), {"Meta": type("Meta", (), {"table_name": table_name})})
        table = bound._get_connection()  # pynamodb's own, which has not connected yet
        connection.add_meta_table(table.get_meta_table())
        table.connection = connection
        return bound


class Head(Item):
    """A collection."""

    id = UnicodeAttribute(hash_key=True)
    uid = UnicodeAttribute()
    """Names its records. A collection deleted and made anew has another."""
    created = NumberAttribute()
    """Seconds since the epoch."""
    model = UnicodeAttribute()
    """The face model version it was created with."""
    key = BinaryAttribute(legacy_encoding=False)
    """Its data key, wrapped."""
    tags = UnicodeAttribute(default="{}")
    """JSON, of names to values."""
    version = NumberAttribute(default=0)
    """How often it changed: a change holds only if nobody else made one meanwhile."""
    faces = NumberAttribute(default=0)
    """Records in its log of faces: what a search compares."""
    users = NumberAttribute(default=0)
    """Records in its log of users."""
    swept = NumberAttribute(default=0)
    """Records before this one of the log of faces hold none: their time was over."""
    face_count = NumberAttribute(default=0)
    user_count = NumberAttribute(default=0)


class Record(Item):
    """One entry of a log."""

    key = UnicodeAttribute(hash_key=True)
    """`uid/faces/number` or `uid/users/number`."""
    content = UnicodeAttribute()
    """JSON of `records.Content`. One attribute, since moto and botocore take their time over each."""
    vectors = BinaryAttribute(legacy_encoding=False, null=True)
    """The sealed vectors, of equal length, one after the other."""


class Name(Item):
    """Something that exists once."""

    name = UnicodeAttribute(hash_key=True)
    content = UnicodeAttribute(null=True)
    """What the name stands for."""
    graves = UnicodeSetAttribute(null=True)
    """Of one item only: the logs that deleted collections left behind, as `uid/faces/users`."""
    expires = TTLAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one account and region."""

    connection: Connection
    heads: type[Head]
    records: type[Record]
    names: type[Name]

    @classmethod
    def open(cls, session: Session, region: str, prefix: str) -> Tables:
        """Opens no connection to tables that need not exist yet."""
        connection = SessionConnection(session, region)
        return cls(
            connection,
            Head.bound(connection, f"{prefix}-collections"),
            Record.bound(connection, f"{prefix}-records"),
            Name.bound(connection, f"{prefix}-names"),
        )

    def create(self) -> None:
        """Make those that are absent, billed on demand. For a local start: on AWS, Terraform makes them."""
        for model in (self.heads, self.records, self.names):
            create_table(model)


def create_table(model: type[Item]) -> None:
    """Make the table of `model` unless it is there; raises SetupError where there is no DynamoDB to make it in."""
    try:
        model.create_table(wait=True, billing_mode="PAY_PER_REQUEST")
    except TableError as error:
        if error.cause_response_code is None:
            raise SetupError(f"DynamoDB cannot be used: {error.msg}") from error
        if error.cause_response_code != "ResourceInUseException":
            raise
