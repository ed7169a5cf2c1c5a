"""`lookalike consent`: who agreed to be in a collection whose tag `lookalike:consent` is `required`."""

from __future__ import annotations

from typing import Annotated

import typer

from .operating import HERE, DataDir, Endpoint, ask

app = typer.Typer(
    help="Who agreed to be in a collection. With the tag lookalike:consent = required it takes nobody else.",
    no_args_is_help=True,
)

Collection = Annotated[str, typer.Argument(help="The CollectionId.")]
Name = Annotated[str, typer.Argument(help="The ExternalImageId.", metavar="ID")]


@app.command()
def add(collection: Collection, name: Name, data_dir: DataDir = HERE, endpoint_url: Endpoint = None) -> None:
    """Record that somebody agreed; from now on IndexFaces takes their photos."""
    ask(data_dir, endpoint_url, "AddConsent", CollectionId=collection, ExternalImageId=name)
    print(f"{name} may be indexed into {collection}")


@app.command()
def remove(collection: Collection, name: Name, data_dir: DataDir = HERE, endpoint_url: Endpoint = None) -> None:
    """Withdraw a consent, and erase the faces that were indexed under that name."""
    answer = ask(data_dir, endpoint_url, "RemoveConsent", CollectionId=collection, ExternalImageId=name)
    known = "is withdrawn" if answer["Given"] else "was not recorded"
    print(f"The consent of {name} {known}; {answer['FacesErased']} faces erased from {collection}")


@app.command("list")
def list_consents(collection: Collection, data_dir: DataDir = HERE, endpoint_url: Endpoint = None) -> None:
    """Show who agreed, and since when."""
    from rich.console import Console
    from rich.table import Table

    table = Table("ExternalImageId", "Since", box=None)
    for one in ask(data_dir, endpoint_url, "ListConsents", CollectionId=collection)["Consents"]:
        table.add_row(one["ExternalImageId"], one["Since"][:16].replace("T", " "))
    Console().print(table)
