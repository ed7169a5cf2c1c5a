"""A botocore session for clients of our own, whose requests end in moto and not on a network."""

from __future__ import annotations

import os
from collections.abc import Callable

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

ACCOUNT_HEADER = "x-moto-account-id"
"""Names the account whose state a request reaches; moto keeps accounts apart."""

_NO_FILE = (None, None, os.devnull, None)
_NO_PROFILE = (None, None, None, None)


def stubbed_session(region: str, send: Callable[..., AWSResponse]) -> botocore.session.Session:
    """A session whose requests `send` answers, as botocore's `before-send` calls it.

    It ignores the user's profile, credentials and endpoints: they are for other clients.
    """
    from moto.core.models import botocore_stubber  # .2 s

    session = botocore.session.Session(
        session_vars={"profile": _NO_PROFILE, "config_file": _NO_FILE, "credentials_file": _NO_FILE}
    )
    session.set_credentials("lookalike", "lookalike")
    session.set_config_variable("region", region)
    session.set_default_client_config(
        Config(
            user_agent="lookalike",
            ignore_configured_endpoint_urls=True,
            retries={"max_attempts": 0},
            account_id_endpoint_mode="disabled",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
    )
    session.register("choose-signer", lambda **_: UNSIGNED)  # nobody checks it, and it costs an eighth of a read
    # botocore asks all handlers, and moto's own, which every session has, would do it again within the user's mock_aws.
    session.unregister("before-send", botocore_stubber)
    session.register("before-send", send)
    return session


def address(request: AWSPreparedRequest, account: str, region: str, service: str) -> None:
    """Say whose state the request is for, as moto reads it."""
    request.headers[ACCOUNT_HEADER] = account
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=lookalike/20260101/{region}/{service}/aws4_request"
