"""`lookalike keys`: who may call a server that asks for signatures.

Of a data directory: through the server that has it, or, where none runs, in the directory itself, so that a first key
can be made. Of a server elsewhere: as a client that signs with a key that may do everything. Of a deployment on AWS: in
its tables, which IAM guards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from ...config import Settings
from ...errors import ServiceError, SetupError
from .operating import HERE, DataDir, Endpoint

if TYPE_CHECKING:
    from ..port.keys import Told, Wanted

app = typer.Typer(help="Who may call: the keys that a server with --auth required knows.", no_args_is_help=True)

OnAws = Annotated[
    bool,
    typer.Option(
        "--aws", help="The tables of a deployment: LOOKALIKE_TABLE_PREFIX and LOOKALIKE_KMS_KEY, your AWS credentials."
    ),
]


class Keys(Protocol):
    """Where keys are managed."""

    def create(self, wanted: Wanted) -> Told: ...

    def list(self) -> list[Told]: ...

    def revoke(self, identity: str) -> None: ...


@app.command()
def create(
    user: Annotated[str, typer.Option(help="Whose key it is; its name in the audit and in refusals.")] = "lookalike",
    policy: Annotated[
        Path | None,
        typer.Option(help="An IAM policy document of what the key may do; without, everything.", dir_okay=False),
    ] = None,
    data_dir: DataDir = HERE,
    endpoint_url: Endpoint = None,
    aws: OnAws = False,
) -> None:
    """Make a key, and print it as two lines to export. The secret is shown this once."""
    from ..port.keys import Wanted

    with _keys(data_dir, endpoint_url, aws) as keys:
        made = keys.create(Wanted(user, None if policy is None else _read(policy)))
    print(f"export AWS_ACCESS_KEY_ID={made.AccessKeyId}")
    print(f"export AWS_SECRET_ACCESS_KEY={made.SecretAccessKey}")


@app.command("list")
def list_keys(data_dir: DataDir = HERE, endpoint_url: Endpoint = None, aws: OnAws = False) -> None:
    """Show the keys, whose they are, and which are limited by a policy."""
    from rich.console import Console
    from rich.table import Table

    table = Table("AccessKeyId", "User", "Created", "Policy", box=None)
    with _keys(data_dir, endpoint_url, aws) as keys:
        for key in keys.list():
            created = datetime.fromtimestamp(key.Created, UTC).isoformat(" ", "minutes")
            table.add_row(key.AccessKeyId, key.User, created, "everything" if key.Policy is None else "limited")
    Console().print(table)


@app.command()
def revoke(
    access_key_id: Annotated[str, typer.Argument(help="The key that is to work no more.")],
    data_dir: DataDir = HERE,
    endpoint_url: Endpoint = None,
    aws: OnAws = False,
) -> None:
    """Revoke a key: the next request that it signs is refused, and with it those of its sessions."""
    with _keys(data_dir, endpoint_url, aws) as keys:
        keys.revoke(access_key_id)
    print(f"{access_key_id} is revoked")


@contextmanager
def _keys(data_dir: Path, endpoint_url: str | None, aws: bool) -> Iterator[Keys]:
    """Raises SetupError for what is refused."""
    from ..port import control
    from ..port.keys import Ring
    from ..state.directory import HeldError
    from . import remote

    try:
        if aws:
            from ...backend import build

            yield Ring(build(Settings.from_environ()).store.access)
            return
        if endpoint_url is not None:
            yield remote.with_credentials(endpoint_url)
            return
        try:
            with _in_directory(data_dir) as keys:
                yield keys
        except HeldError:
            running = control.read(data_dir)
            if running is None:
                raise
            yield remote.of(running)
    except ServiceError as error:
        raise SetupError(error.message) from error


@contextmanager
def _in_directory(data_dir: Path) -> Iterator[Keys]:
    """The keys in a directory that no server has."""
    from ...backend import build
    from ..moto.aws import Aws
    from ..port.keys import Ring
    from ..process import leave_the_users_aws
    from ..state.keeper import Keeper
    from ..state.state import State

    settings = Settings.from_environ()
    state = State(data_dir, settings.sync, settings.key_file)
    leave_the_users_aws()
    aws = Aws(settings.account, settings.region)
    aws.keeper = Keeper(state)
    try:
        access = build(settings, aws.session, state.keys).store.access
        access.create()
        yield Ring(access)
    finally:
        aws.keeper.close()


def _read(policy: Path) -> str:
    try:
        return policy.read_text()
    except (OSError, ValueError) as error:
        raise SetupError(f"{policy} cannot be read: {error}") from error
