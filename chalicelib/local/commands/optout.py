"""`lookalike optout`: people who want to be in no collection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...errors import SetupError
from .operating import HERE, DataDir, Endpoint, ask

app = typer.Typer(
    help="People who want to be in no collection: they are not indexed, and searching for them finds nobody.",
    no_args_is_help=True,
)


@app.command()
def add(
    photos: Annotated[list[Path], typer.Argument(help="JPEG or PNG; the largest face of each counts.", dir_okay=False)],
    data_dir: DataDir = HERE,
    endpoint_url: Endpoint = None,
) -> None:
    """Keep somebody out by one or more photos, and erase them from every collection.

    Kept of a photo is a sealed vector, nothing else. Faces that are 99 similar to it are taken for the same person
    (LOOKALIKE_OPTOUT_SIMILARITY), so several different photos protect better than one.
    """
    refusals = []
    for photo in photos:
        try:
            added = ask(data_dir, endpoint_url, "AddOptOut", Photo=photo.read_bytes())
        except (OSError, SetupError) as error:
            refusals.append(f"{photo} ({error})")
            continue
        erased = ", ".join(f"{faces} of {collection}" for collection, faces in added["FacesErased"].items())
        print(f"{added['Id']} is kept out; faces erased: {erased or 'none'}")
    if refusals:
        raise SetupError(f"not kept out by {'; '.join(refusals)}")


@app.command("list")
def list_opt_outs(data_dir: DataDir = HERE, endpoint_url: Endpoint = None) -> None:
    """Show the entries of the list, and since when they are there. Who they are is not known."""
    from rich.console import Console
    from rich.table import Table

    table = Table("Id", "Since", box=None)
    for one in ask(data_dir, endpoint_url, "ListOptOuts")["OptOuts"]:
        table.add_row(one["Id"], one["Added"][:16].replace("T", " "))
    Console().print(table)


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(help="Ids, as `add` and `list` show them.")],
    data_dir: DataDir = HERE,
    endpoint_url: Endpoint = None,
) -> None:
    """Take entries off the list."""
    removed = ask(data_dir, endpoint_url, "RemoveOptOut", Ids=ids)["Removed"]
    for one in removed:
        print(f"{one} is no longer kept out")
    if unknown := [one for one in ids if one not in removed]:
        raise SetupError(f"not on the list: {', '.join(unknown)}; `lookalike optout list` shows it")
