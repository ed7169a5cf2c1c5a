"""Two keys that clients of S3 sign with, one of them of a session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.wire.signature import Key

KEYS = {"AKID": Key("secret"), "ASIA": Key("temporary", "token/+=")}


def key_of(access_key: str, token: str) -> Key | None:
    """As a guard looks them up."""
    return KEYS.get(access_key)


def now(**later: float) -> datetime:
    """The time of the day, with which boto3 signs, or some time after it."""
    return datetime.now(UTC) + timedelta(**later)
