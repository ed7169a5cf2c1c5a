"""Accounts that no other test uses: moto's state belongs to the process, each account's apart."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import msgspec

from chalicelib.backend import Backend, build
from chalicelib.config import Settings
from chalicelib.local.moto.aws import Aws
from chalicelib.store.vault import LocalKeys


def unused_account() -> str:
    """Its number: 12 digits."""
    return f"{uuid4().int % 10**12:012d}"


def unused_settings() -> Settings:
    """Settings for an account of one's own, and buckets: S3 gives each name once among all accounts."""
    account = unused_account()
    settings = Settings.from_environ({})
    return msgspec.structs.replace(settings, account=account, bucket=f"results-{account}", uploads=f"uploads-{account}")


def unused_backend() -> Backend:
    """A backend without models, its tables made."""
    settings = msgspec.structs.replace(unused_settings(), models=Path("unused"))
    backend = build(settings, Aws(settings.account).session, LocalKeys([os.urandom(32)]))
    backend.store.create_tables()
    return backend
