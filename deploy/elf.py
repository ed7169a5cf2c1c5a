"""Shared libraries (ELF, 64 bits, little-endian): what one needs and names, and one that only has names.

Source: the System V ABI, chapters 4 and 5 ("Object Files", "Program Loading and Dynamic Linking").
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF\x02\x01"
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_DYNAMIC = struct.Struct("<qQ")

_LOAD, _DYNAMIC_SEGMENT, _STACK = 1, 2, 0x6474E551
_EXECUTE, _WRITE, _READ = 1, 2, 4
_DYNAMIC_SECTION, _SYMBOLS_SECTION = 6, 11
_NEEDED, _HASH, _STRINGS, _SYMBOLS, _STRINGS_SIZE, _SYMBOL_SIZE, _SONAME = 1, 4, 5, 6, 10, 11, 14
_GLOBAL_FUNCTION = 0x12
_PAGE = 0x10000
"""The largest page of these machines."""
_RETURNS_0 = {62: bytes.fromhex("31c0c390 90909090"), 183: bytes.fromhex("00008052 c0035fd6")}
"""By machine: xor eax, eax; ret. And: mov w0, 0; ret."""


@dataclass(frozen=True, slots=True)
class Library:
    """What the loader reads of a shared library."""

    machine: int
    """62 is x86-64, 183 is AArch64."""
    name: str
    """Its soname; empty for a Python extension."""
    needed: tuple[str, ...]
    """Sonames of the libraries it is linked with."""
    defined: frozenset[str]
    undefined: frozenset[str]
    """The symbols it has, and those it wants."""


def is_library(path: Path) -> bool:
    """Whether the file can be `read`."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read(path: Path) -> Library:
    """The library in that file; raises ValueError for another kind of file."""
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise ValueError(f"{path} is no shared library of 64 bits")
    header = _HEADER.unpack_from(data)
    machine, at, size, count = header[2], header[6], header[11], header[12]
    sections = [_SECTION.unpack_from(data, at + number * size) for number in range(count)]
    name, needed = "", []
    symbols: list[tuple[str, bool]] = []
    for section in sections:
        kind, offset, length, link = section[1], section[4], section[5], section[6]
        strings = sections[link][4] if link < count else 0
        if kind == _DYNAMIC_SECTION:
            for tag, value in _DYNAMIC.iter_unpack(data[offset : offset + length]):
                if tag == _NEEDED:
                    needed.append(_text(data, strings + value))
                elif tag == _SONAME:
                    name = _text(data, strings + value)
        elif kind == _SYMBOLS_SECTION:
            entries = _SYMBOL.iter_unpack(data[offset : offset + length])
            symbols += [(_text(data, strings + entry[0]), entry[3] != 0) for entry in entries]
    defined = frozenset(symbol for symbol, here in symbols if here and symbol)
    return Library(machine, name, tuple(needed), defined, frozenset(one for one, here in symbols if not here and one))


def stand_in(machine: int, name: str, symbols: Sequence[str]) -> bytes:
    """A library of that soname whose functions all return 0; raises KeyError for a machine whose code is not known."""
    strings = b"\0" + b"".join(text.encode() + b"\0" for text in (name, *symbols))
    places = list(_places((name, *symbols)))
    code = _RETURNS_0[machine]
    code_at = _HEADER.size + 4 * _PROGRAM.size
    table = bytes(_SYMBOL.size) + b"".join(
        _SYMBOL.pack(place, _GLOBAL_FUNCTION, 0, 1, _PAGE + code_at, 0) for place in places[1:]
    )
    count = len(symbols) + 1
    chain = [0, *range(2, count), 0][:count]  # one bucket, in which every symbol follows the one before it
    hashed = struct.pack(f"<{3 + count}I", 1, count, min(1, len(symbols)), *chain)
    hash_at = code_at + len(code)
    table_at = _even(hash_at + len(hashed))
    strings_at = table_at + len(table)
    dynamic_at = _even(strings_at + len(strings))
    entries = (_SONAME, places[0], _HASH, hash_at, _SYMBOLS, table_at, _SYMBOL_SIZE, _SYMBOL.size)
    dynamic = struct.pack("<14q", *entries, _STRINGS, strings_at, _STRINGS_SIZE, len(strings), 0, 0)
    end = dynamic_at + len(dynamic)
    # The loader writes addresses into the dynamic section, so code lies in a segment of its own.
    segments = (
        (_LOAD, _READ | _WRITE, 0, 0, 0, end, end, _PAGE),
        (_LOAD, _READ | _EXECUTE, 0, _PAGE, _PAGE, hash_at, hash_at, _PAGE),
        (_DYNAMIC_SEGMENT, _READ | _WRITE, *3 * [dynamic_at], *2 * [len(dynamic)], 8),
        (_STACK, _READ | _WRITE, 0, 0, 0, 0, 0, 16),
    )
    return b"".join(
        (
            _HEADER.pack(MAGIC + b"\1", 3, machine, 1, 0, _HEADER.size, 0, 0, 64, _PROGRAM.size, 4, 64, 0, 0),
            *(_PROGRAM.pack(*segment) for segment in segments),
            code,
            hashed.ljust(table_at - hash_at, b"\0"),
            table,
            strings.ljust(dynamic_at - strings_at, b"\0"),
            dynamic,
        )
    )


def _places(texts: Sequence[str]) -> Iterator[int]:
    at = 1
    for text in texts:
        yield at
        at += len(text.encode()) + 1


def _even(size: int) -> int:
    return size + -size % 8


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()
