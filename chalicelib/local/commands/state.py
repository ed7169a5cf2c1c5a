"""`lookalike state`: the data directory as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...config import Settings
from ...errors import SetupError
from .operating import HERE, DataDir, Endpoint, ask

app = typer.Typer(help="What a server keeps: copied, brought back, and sealed with a new key.", no_args_is_help=True)


@app.command()
def export(
    archive: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)], data_dir: DataDir = HERE
) -> None:
    """Copy the data directory into one file; the server may run meanwhile.

    It stays sealed: keep the key file, which is not in it, in another place. The audit log is not in it either.
    """
    from ..state import archive as archives

    manifest = archives.export(data_dir, archive)
    key_file = Settings.from_environ().key_file or data_dir / "key"
    print(f"{archive}: {len(manifest.sums) - 1} objects and the tables, sealed")
    print(f"Keep {key_file} in another place: without it nobody can read the archive, you neither.")


@app.command("import")
def import_(
    archive: Annotated[Path, typer.Argument(help="A file that `export` wrote.", dir_okay=False, exists=True)],
    key_file: Annotated[
        Path | None, typer.Option(help="The key file it was sealed with; it is copied into the directory.")
    ] = None,
    data_dir: DataDir = HERE,
) -> None:
    """Make a data directory of an archive. Nothing that is there already is written over."""
    from ..state import archive as archives

    named = Settings.from_environ().key_file
    if key_file is None and named is None:
        raise SetupError("name the key file that the archive was sealed with: --key-file, or LOOKALIKE_KEY_FILE")
    manifest = archives.restore(archive, data_dir, key_file or named or Path(), keep_key=named is None)
    print(f"{data_dir}: {len(manifest.sums) - 1} objects and the tables")


@app.command("rotate-key")
def rotate_key(
    drop_old: Annotated[
        bool | None,
        typer.Option(
            "--drop-old/--keep-old",
            help="Whether the key file forgets the old key. Unless said, it does where it lies in the data directory:"
            " one that LOOKALIKE_KEY_FILE names may open other directories too.",
        ),
    ] = None,
    data_dir: DataDir = HERE,
    endpoint_url: Endpoint = None,
) -> None:
    """Make a new key and wrap every data key with it; a KMS key wraps those of collections anew, where one is named.

    The server goes on meanwhile. A stop at any instant loses nothing; run it again then.
    """
    rotated = ask(data_dir, endpoint_url, "RotateKey", DropOld=drop_old)
    dropped = "dropped" if rotated["OldKeyDropped"] else "kept"
    print(
        f"{rotated['KeyFile']} holds a new key, the old one is {dropped}; {rotated['Collections']} collections wrapped"
    )
    print("Archives and backups that were made before need the old key.")
