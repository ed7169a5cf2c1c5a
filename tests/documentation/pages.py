"""A page of documentation as a program: its fenced blocks, in order, in one folder, beside one server.

  python       is run as a script of its own
  console      each line after `$ ` is given to bash; what stands below it is what it must print, but for `...`, which
               stands for anything, and for numbers with a decimal point, which differ between machines
  others       are shown only, unless a comment names a file

A comment before a block changes that: `<!-- file: NAME -->` writes it to that file, and `<!-- not run: REASON -->`
leaves it out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = "http://127.0.0.1:4566"
"""The server's address as pages write it."""
RUN = frozenset({"console", "python"})
_BLOCK = re.compile(
    r"(?:^<!-- (?P<said>file|not run): (?P<what>[^>]+) -->\n+)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_END = "-- end of a command --"


@dataclass(frozen=True, slots=True)
class Block:
    """One example."""

    language: str
    text: str
    line: int
    """Where it begins on the page."""
    file: str = ""
    """What to write it to."""
    not_run: str = ""
    """Why it is left out."""

    def commands(self) -> Iterator[tuple[str, str]]:
        """Of a console: each command, with what it is said to print."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            while command.endswith("\\"):
                more, _, printed = printed.partition("\n")
                command = f"{command}\n{more}"
            yield command, printed


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page's text."""
    found = []
    for match in _BLOCK.finditer(page):
        said = {match["said"]: match["what"]} if match["said"] else {}
        line = page.count("\n", 0, match.start("text"))
        found.append(Block(match["language"], match["text"], line, said.get("file", ""), said.get("not run", "")))
    return found


def run(block: Block, folder: Path, environ: Mapping[str, str], url: str) -> None:
    """Write or run one block in `folder`; fails where it does, and where it prints something else than it says."""
    text = block.text.replace(HERE, url)
    if block.not_run:
        return
    if block.file:
        (folder / block.file).write_text(text)
    elif block.language == "python":
        _succeed([sys.executable, "-W", "error", "-c", text], block, folder, environ)
    elif block.language == "console":
        _console(block, folder, environ, url)


def _console(block: Block, folder: Path, environ: Mapping[str, str], url: str) -> None:
    said = list(block.commands())
    assert said, f"line {block.line}: a console shows no command"
    script = "".join(f"{command.replace(HERE, url)}\necho '{_END}'\n" for command, _ in said)
    printed = _succeed(["bash", "-euo", "pipefail", "-c", script], block, folder, environ).split(f"{_END}\n")
    for (command, expected), real in zip(said, printed[:-1], strict=True):
        wanted = expected.replace(HERE, url)
        assert not wanted.strip() or _pattern(wanted).fullmatch(" ".join(real.split())), f"$ {command}\n{real}"


def _pattern(expected: str) -> re.Pattern[str]:
    words = re.escape(" ".join(expected.split()))
    words = re.sub(r"\d+\\\.\d+", lambda _: r"\\d+\\.\\d+".replace("\\\\", "\\"), words)
    return re.compile(words.replace(r"\.\.\.", ".*"))


def _succeed(command: list[str], block: Block, folder: Path, environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"line {block.line}:\n{block.text}\n{done.stdout}\n{done.stderr}"
    return done.stdout
