"""Temporary credentials: moto's STS makes them up, and these are put in their place, since they can be verified.

A session token holds its session, sealed: nothing is kept, and sessions end with the process, with the key that asked
for them, or in their time. What that key may do, its sessions may; the policies of roles are not looked at.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import msgspec

from ...errors import AccessDeniedException
from ...store.vault import Seal, SealError, new_key
from ...wire.door import Identity
from ...wire.gateway import Request, Response
from ...wire.guard import Session

_GIVEN = ("AccessKeyId", "SecretAccessKey", "SessionToken")


class Sessions:
    """Gives session tokens out and knows them again. Safe to share between threads."""

    def __init__(self) -> None:
        self._seal = Seal(new_key())

    def find(self, token: str) -> Session | None:
        """The session of a token; None for one that was not given out here."""
        try:
            sealed = base64.urlsafe_b64decode(token)
            return msgspec.json.decode(self._seal.open(sealed, "session"), type=Session)
        except (binascii.Error, ValueError, SealError):
            return None

    def issue(self, identity: Identity, arn: str, expires: datetime) -> Mapping[str, str]:
        """AccessKeyId, SecretAccessKey and SessionToken that stand for the caller."""
        access_key = "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode()
        session = Session(access_key, secrets.token_urlsafe(30), expires, identity.issuer or identity.access_key, arn)
        token = base64.urlsafe_b64encode(self._seal.seal(msgspec.json.encode(session), "session")).decode()
        return dict(zip(_GIVEN, (access_key, session.secret, token), strict=True))

    def told(self, identity: Identity, response: Response) -> Response:
        """STS's answer as it is true here: with credentials of ours, or with who the caller is."""
        text = response.body.decode()
        if response.status != 200:
            return response
        if "<GetCallerIdentityResult>" in text:
            text = _replaced(text, {"Arn": identity.arn, "UserId": identity.issuer or identity.access_key})
        elif "<SecretAccessKey>" in text:
            arn = re.search(r"<Arn>(.*?)</Arn>", text)
            expires = re.search(r"<Expiration>(.*?)</Expiration>", text)
            assert expires is not None, "STS tells when credentials end"
            given = self.issue(identity, arn[1] if arn else identity.arn, datetime.fromisoformat(expires[1]))
            text = _replaced(text, given)
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
        return Response(response.status, headers, text.encode())


def refuse_policies(request: Request) -> None:
    """Raises AccessDeniedException where STS is asked for credentials with a policy of their own: it would not hold."""
    asked = parse_qs(f"{request.query}&{request.body.decode(errors='replace')}")
    if any(name.startswith("Policy") for name in asked):
        raise AccessDeniedException("Session policies are not supported: make an access key with the policy")


def _replaced(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = re.sub(f"<{name}>[^<]*</{name}>", f"<{name}>{escape(value)}</{name}>", text)
    return text
