"""Access keys in the table: sealed, remembered for seconds, gone when revoked."""

from __future__ import annotations

import os

import pytest

from chalicelib.local.moto.aws import Aws
from chalicelib.store.access import REMEMBERED_SECONDS, Access
from chalicelib.store.store import Store
from chalicelib.store.tables import SessionConnection
from chalicelib.store.vault import LocalKeys, SealError, Vault
from tests.store.material import store_over

TABLE = "lookalike-access-keys"


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(aws: Aws, keys: LocalKeys, clock: Clock) -> Access:
    made = Access(SessionConnection(aws.session, aws.region), "lookalike", Vault(keys), clock)
    made.create()
    return made


def test_a_key_is_found_with_its_secret_user_and_policy(access: Access) -> None:
    made = access.make("ada", '{"Statement": []}')
    assert access.get(made.id) == made
    assert (made.user, made.policy) == ("ada", '{"Statement": []}')
    assert len(made.id) == 20
    assert len(made.secret) == 40
    assert made.secret not in repr(made)


def test_no_two_keys_are_alike(access: Access) -> None:
    made = [access.make("ada") for _ in range(5)]
    assert len({key.id for key in made} | {key.secret for key in made}) == 10
    assert {key.id for key in access.all()} == {key.id for key in made}


@pytest.mark.parametrize("identity", ["AKIAABSENT", ""])
def test_a_key_there_is_not(access: Access, identity: str) -> None:
    assert access.get(identity) is None


def test_a_revoked_key_is_gone_at_once(access: Access) -> None:
    made = access.make("ada")
    assert access.get(made.id) == made
    assert access.revoke(made.id)
    assert access.get(made.id) is None
    assert access.all() == []
    assert not access.revoke(made.id)


def test_a_key_that_another_process_revoked_is_gone_within_seconds(
    access: Access, aws: Aws, keys: LocalKeys, clock: Clock
) -> None:
    made = access.make("ada")
    assert access.get(made.id) == made
    Access(SessionConnection(aws.session, aws.region), "lookalike", Vault(keys)).revoke(made.id)
    clock.now += REMEMBERED_SECONDS - 0.1
    assert access.get(made.id) == made
    clock.now += 0.2
    assert access.get(made.id) is None


def test_a_new_key_works_where_it_was_asked_for_before(access: Access, aws: Aws, keys: LocalKeys, clock: Clock) -> None:
    other = Access(SessionConnection(aws.session, aws.region), "lookalike", Vault(keys))
    made = other.make("ada")
    assert access.get(made.id) == made


def test_what_strangers_ask_for_is_not_remembered_without_end(access: Access) -> None:
    for number in range(20):
        access.get(f"AKIA{number}")
    assert len(access._known) == 20
    access._known.update({f"AKIB{number}": (9e9, None) for number in range(5000)})
    access.get("AKIC")
    assert len(access._known) == 1


def test_the_table_holds_no_secret_and_no_policy(access: Access, aws: Aws) -> None:
    made = access.make("ada", '{"Statement": "planted"}')
    (item,) = aws.client("dynamodb").scan(TableName=TABLE)["Items"]
    held = repr(item)
    assert made.secret not in held
    assert "planted" not in held
    assert "ada" not in held


def test_a_key_cannot_be_given_the_policy_of_another(access: Access, aws: Aws, clock: Clock) -> None:
    free, bound = access.make("ada"), access.make("bob", "{}")
    dynamodb = aws.client("dynamodb")
    item = dynamodb.get_item(TableName=TABLE, Key={"id": {"S": free.id}})["Item"]
    dynamodb.put_item(TableName=TABLE, Item=item | {"id": {"S": bound.id}})
    clock.now += REMEMBERED_SECONDS
    with pytest.raises(SealError):
        access.get(bound.id)


def test_keys_outlive_a_change_of_what_wraps_them(aws: Aws) -> None:
    old, new = os.urandom(32), os.urandom(32)
    before = store_over(aws, LocalKeys([old]))
    before.create_tables()
    made = before.access.make("ada")
    assert store_over(aws, LocalKeys([new, old])).access.rewrap() == 1
    assert store_over(aws, LocalKeys([new])).access.get(made.id) == made


def test_a_lost_wrapping_key_is_told(store: Store, aws: Aws) -> None:
    made = store.access.make("ada")
    with pytest.raises(SealError, match="restore"):
        store_over(aws, LocalKeys([os.urandom(32)])).access.get(made.id)
