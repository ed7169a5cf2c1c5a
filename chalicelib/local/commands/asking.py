"""How commands ask Rekognition: a server, where one is named, else this very process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from ...config import Settings
from ...errors import ServiceError, SetupError

_ENDPOINTS = ["AWS_ENDPOINT_URL_REKOGNITION", "AWS_ENDPOINT_URL"]
HERE = "http://127.0.0.1:4566"
"""Where `lookalike serve` listens unless told otherwise."""
Endpoint = Annotated[str, typer.Option("--endpoint-url", help="The server to talk to.", envvar=_ENDPOINTS)]
MaybeEndpoint = Annotated[
    str | None,
    typer.Option("--endpoint-url", help="A server to ask; without one, this command looks itself.", envvar=_ENDPOINTS),
]
Ask = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""An operation's name and members, to those of its answer. Raises RefusedError, UnreachableError."""


class RefusedError(Exception):
    """What Rekognition answered instead; as text it is the error's code and message."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")


class UnreachableError(SetupError):
    """No server answers, tried again and again."""


def asking(endpoint_url: str | None) -> Ask:
    """Asks the server at `endpoint_url`, with the user's credentials; where that is None, the models here."""
    return here(Settings.from_environ()) if endpoint_url is None else at(endpoint_url)


def at(endpoint_url: str) -> Ask:
    """Asks a server; from any thread."""
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError

    client = client_of(endpoint_url)

    def ask(operation: str, members: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**members)
        except ClientError as error:
            raise RefusedError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
        except BotoCoreError as error:
            raise unreachable(error) from error
        del answer["ResponseMetadata"]
        return answer

    return ask


def here(settings: Settings) -> Ask:
    """Looks in this process, without a server: for operations that keep nothing and take their images as bytes."""
    from ...backend import build
    from ...wire import gateway
    from ..process import leave_the_users_aws

    leave_the_users_aws()
    backend = build(settings)

    def ask(operation: str, members: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return gateway.call(operation, members, backend)
        except ServiceError as error:
            raise RefusedError(error.code, error.message) from error

    return ask


@contextmanager
def connected(endpoint_url: str) -> Iterator[Any]:
    """A botocore client of the server; what it refuses, and that it is not there, becomes a SetupError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield client_of(endpoint_url)
    except BotoCoreError as error:
        raise unreachable(error) from error
    except ClientError as error:
        raise SetupError(str(error)) from error


def client_of(endpoint_url: str) -> Any:
    """A botocore client that signs with the user's credentials, else with any: a server that does not ask takes those.

    Raises SetupError for what is no address.
    """
    import botocore.session

    session = botocore.session.get_session()
    given = {} if session.get_credentials() else {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    region = Settings.from_environ().region
    try:
        return session.create_client("rekognition", endpoint_url=endpoint_url, region_name=region, **given)
    except ValueError as error:
        raise SetupError(f"{endpoint_url} is no address of a server") from error


def unreachable(error: Exception) -> UnreachableError:
    """What to do where no server answers."""
    return UnreachableError(f"{error} Start a server with `lookalike serve`, or name one with --endpoint-url")
