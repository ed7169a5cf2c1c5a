"""`lookalike audit`: the log of every call, read and proved. Of files: a server may run meanwhile, or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import SetupError
from .operating import HERE, DataDir

app = typer.Typer(
    help="The log of every call: what was done, by whom, and that nothing is missing.", no_args_is_help=True
)

_SPAN = re.compile(r"(?P<number>\d+)(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NOTED = re.compile(r"(\d+):([0-9a-f]{64})")
Said = Mapping[str, Any]


@app.command()
def verify(
    data_dir: DataDir = HERE,
    expect: Annotated[
        list[str] | None, typer.Option(help="RECORD:HASH, as printed by an earlier verify and kept elsewhere.")
    ] = None,
    stream: Annotated[
        Path | None,
        typer.Option("--file", help="Instead: the lines of one Lambda container, from CloudWatch.", dir_okay=False),
    ] = None,
) -> None:
    """Prove that no record was changed, removed or added; else name the first that is wrong, and exit with 1.

    Keep what it prints outside this machine: given back as --expect, it proves that nothing was put back either.
    """
    from ...audit import reading  # .4 s: the operations
    from ...audit.chain import BrokenError

    try:
        whole = reading.verify(data_dir, _noted(expect or [])) if stream is None else reading.verify_stream(stream)
    except (BrokenError, OSError) as error:
        raise SetupError(str(error)) from error
    if whole.link is None:
        print("No record yet.")
        return
    print(f"{whole.records} records, each whole and in its place.")
    print(f"--expect {whole.link.sequence}:{whole.link.hash}")


@app.command()
def show(  # noqa: PLR0917 -- each an option of the command line
    data_dir: DataDir = HERE,
    since: Annotated[str, typer.Option(help="A date or time in UTC (2026-11-22T08:00), or so long ago (2h, 7d).")] = "",
    operation: Annotated[str, typer.Option(help="Of this operation alone, such as SearchFaces.")] = "",
    collection: Annotated[str, typer.Option(help="Of this collection alone.")] = "",
    about: Annotated[
        str, typer.Option(help="With this text among the parameters: an ExternalImageId, a UserId, an object's key.")
    ] = "",
    refused: Annotated[bool, typer.Option("--refused", help="Those alone that were answered by an error.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The lines as they are, in CloudTrail's shape.")] = False,
) -> None:
    """Show the records, the oldest first."""
    from ...audit import parameters, reading
    from ...audit.log import files, read_key

    pseudonym = parameters.pseudonyms(read_key(data_dir))(about) if about else ""
    earliest = _time(since) if since else ""
    wanted: list[Callable[[Said], bool]] = [
        lambda said: said.get("eventTime", "") >= earliest,
        lambda said: not operation or said.get("eventName") == operation,
        lambda said: not collection or said.get("additionalEventData", {}).get("collection") == collection,
        lambda said: not refused or "errorCode" in said,
    ]
    found = (
        (line, said)
        for line, said in reading.records(files(data_dir))
        if all(want(said) for want in wanted) and pseudonym.encode() in line
    )
    if as_json:
        for line, _ in found:
            print(line.decode())
    else:
        _table(found)


def _table(found: Iterator[tuple[bytes, Said]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Time", "Who", "From", "Operation", "Collection", "In", "Out", "Threshold", "Answer", box=None)
    for _, said in found:
        who = said.get("userIdentity", {})
        facts = said.get("additionalEventData") or said.get("serviceEventDetails") or {}
        table.add_row(
            said.get("eventTime", ""),
            who.get("arn") or who.get("invokedBy") or who.get("accessKeyId") or "nobody known",
            said.get("sourceIPAddress", ""),
            said.get("eventName", ""),
            facts.get("collection") or "",
            *(str(facts.get(name, "")) for name in ("facesIn", "facesOut", "threshold")),
            said.get("errorCode") or facts.get("jobStatus") or facts.get("reason") or "answered",
        )
    Console().print(table)


def _time(text: str) -> str:
    """As eventTime has it. Raises SetupError."""
    if span := _SPAN.fullmatch(text):
        time = datetime.now(UTC) - timedelta(**{_UNITS[span["unit"]]: int(span["number"])})
    else:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            raise SetupError(f"{text} is no time: write 2026-11-22, 2026-11-22T08:00 or 2h") from None
        time = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _noted(expected: list[str]) -> dict[str, int]:
    noted = {}
    for text in expected:
        found = _NOTED.fullmatch(text)
        if found is None:
            raise SetupError(f"{text} is not what `lookalike audit verify` printed: RECORD:HASH")
        noted[found[2]] = int(found[1])
    return noted
