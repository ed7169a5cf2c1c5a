"""The command line: `lookalike serve` and the commands beside it, each in a module of its own."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..config import Settings
from ..errors import SetupError
from . import front
from .commands import auditing, celebrities, consent, evaluating, indexing, keys, looking, optout, state
from .commands.erase import erase
from .commands.operating import HERE
from .commands.watch import watch
from .process import leave_the_users_aws

app = typer.Typer(
    help="Amazon Rekognition on your own machine: the same API, real inference.",
    epilog="First: lookalike models pull. Then: lookalike detect faces photo.jpg, or lookalike serve.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


class Auth(StrEnum):
    """Of whom requests are taken."""

    NONE = "none"
    REQUIRED = "required"


_CLIENTS = frozenset(
    {
        "celebrities",
        "compare",
        "consent",
        "detect",
        "erase",
        "gateway",
        "index",
        "keys",
        "optout",
        "search",
        "state",
        "watch",
    }
)
"""Commands that ask a server, with the user's endpoint and credentials."""
_SERVING, _LOOKING, _TRUST, _MODELS = "Serve", "See and find", "Trust", "Models"
models = typer.Typer(help="The model packs: what there is, what is built, whether it is whole.", no_args_is_help=True)
app.command(rich_help_panel=_SERVING)(front.gateway)
app.command(rich_help_panel=_SERVING)(watch)
app.add_typer(looking.app, name="detect", rich_help_panel=_LOOKING)
app.command(rich_help_panel=_LOOKING)(looking.compare)
app.command(rich_help_panel=_LOOKING)(indexing.index)
app.command(rich_help_panel=_LOOKING)(indexing.search)
app.add_typer(celebrities.app, name="celebrities", rich_help_panel=_LOOKING)
app.add_typer(keys.app, name="keys", rich_help_panel=_TRUST)
app.add_typer(consent.app, name="consent", rich_help_panel=_TRUST)
app.add_typer(optout.app, name="optout", rich_help_panel=_TRUST)
app.command(rich_help_panel=_TRUST)(erase)
app.add_typer(auditing.app, name="audit", rich_help_panel=_TRUST)
app.add_typer(state.app, name="state", rich_help_panel=_TRUST)
app.add_typer(models, name="models", rich_help_panel=_MODELS)
app.add_typer(evaluating.app, name="evaluate", rich_help_panel=_MODELS)


def main() -> None:
    """Run the command line. What a person must put right is one line on stderr and exit status 1."""
    try:
        app(prog_name="lookalike")
    except SetupError as error:
        print(f"lookalike: {error}", file=sys.stderr)
        sys.exit(1)


@app.callback()
def _before(context: typer.Context) -> None:
    if context.invoked_subcommand not in _CLIENTS:
        leave_the_users_aws()


@app.command(rich_help_panel=_SERVING)
def serve(  # noqa: PLR0917 -- each an option of the command line
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that others reach only with --auth required.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 4566,
    data_dir: Annotated[
        Path, typer.Option(help="Where everything is kept.", envvar="LOOKALIKE_DATA_DIR", file_okay=False)
    ] = HERE,
    memory: Annotated[bool, typer.Option("--memory", help="Keep nothing: all is gone when it stops.")] = False,
    auth: Annotated[
        Auth,
        typer.Option(help="Whether requests must be signed with a key of `lookalike keys`.", envvar="LOOKALIKE_AUTH"),
    ] = Auth.NONE,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Speak TLS with this certificate, and its chain, PEM.", dir_okay=False)
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's private key, PEM.", dir_okay=False)] = None,
) -> None:
    """Serve Rekognition, and the S3, DynamoDB, SQS, SNS, KMS, STS and IAM around it, on one port.

    Give any AWS SDK or the AWS CLI the two lines that it prints. Ctrl-C stops it.
    """
    from . import process
    from .port import tls

    listening = process.Listening(host, port, auth is Auth.REQUIRED, tls.of_files(tls_cert, tls_key))
    process.serve(Settings.from_environ(), listening, None if memory else data_dir)


@models.command("list")
def list_models() -> None:
    """Show the packs, their licences, and which are built."""
    from rich.console import Console
    from rich.table import Table

    from ..modelkit import packs

    table = Table("Pack", "State", "Size", "Licence", "What for", box=None)
    for listing in packs.list_packs(Settings.from_environ().models):
        pack = listing.pack
        licences = sorted({one.model.licence for one in listing.models})
        built = "built" if listing.built else "not built"
        table.add_row(listing.name, built, f"{listing.bytes / 1e6:.0f} MB", ", ".join(licences), pack.summary)
    Console().print(table)


@models.command()
def pull(
    pack: Annotated[str, typer.Argument(help="The pack to build.")] = "core",
    mirror: Annotated[
        str | None, typer.Option("--from", help="A folder or address that holds the archives, instead of the sources.")
    ] = None,
    accept_licence: Annotated[str | None, typer.Option(help="A licence that asks more of you, by its name.")] = None,
) -> None:
    """Fetch, check and build a pack of models. One that is built costs nothing."""
    from ..modelkit import packs
    from .commands.progress import bars

    with bars() as progress:
        built = packs.pull(
            pack, Settings.from_environ().models, mirror=mirror, accept_licence=accept_licence, progress=progress
        )
    if built:
        print(f"Built {len(built)} models of the pack {pack}.")


@models.command()
def verify(pack: Annotated[str | None, typer.Argument(help="A pack; all built ones unless named.")] = None) -> None:
    """Read every model and compare its sum with the manifest's."""
    from ..modelkit import packs

    wrong = []
    for model in packs.verify(Settings.from_environ().models, pack):
        print(f"{model.state:8} {model.name}")
        if model.state != "built":
            wrong.append(model.name)
    if wrong:
        raise SetupError(f"{', '.join(wrong)} must be built anew: run `lookalike models pull`")


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)
