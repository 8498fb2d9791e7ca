"""Replaces functions that a loaded copy of the SIP library calls through a table.

A shared object calls replaceable functions through a table of addresses: the global offset table of
the ELF specification, one per copy. They are functions of the C library, and its own exported ones.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

ANCHOR = "pj_getaddrinfo"
"""A function of the library; its address shows where the library was loaded."""
_READ_AND_WRITE = 3

_SECTIONS_AT = struct.Struct("<40xQ10xHH")
"""Fields of the ELF header: offset of the section headers, size of each, their number."""
_SECTION = struct.Struct("<4xI16xQQI")
"""Fields of a section header: type, offset, size, and the section it refers to."""
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_DYNAMIC_SYMBOLS, _RELOCATIONS = 11, 4


class CannotBeReplaced(Exception):
    """The library is built in a way that we do not know; the text says in what."""


@dataclass(frozen=True)
class Entries:
    """Where a library keeps the addresses of functions, as offsets from its beginning.

    Attributes:
        anchor: offset of `ANCHOR`.
        entries: name of the function and offset of its entry.
    """

    anchor: int
    entries: tuple[tuple[str, int], ...]

    @property
    def names(self) -> set[str]:
        """Names of the functions that were found."""
        return {name for name, _ in self.entries}


def entries_of(library: bytes, wanted: Collection[str]) -> Entries:
    """Find the entries of these functions in the library's file. Raises CannotBeReplaced.

    The offsets are the same in all copies, which differ in names only.
    """
    sections = _sections(library)
    table = next((section for section in sections if section[0] == _DYNAMIC_SYMBOLS), None)
    if table is None:
        raise CannotBeReplaced("it names no symbols")
    _, start, length, names_in = table
    names_at = sections[names_in][1]
    anchor, numbers = 0, dict[int, str]()
    for number in range(length // _SYMBOL.size):
        at, _, _, _, value, _ = _SYMBOL.unpack_from(library, start + number * _SYMBOL.size)
        begin = names_at + at
        name = library[begin : library.index(b"\0", begin)].decode("ascii", "replace")
        if name == ANCHOR:
            anchor = value
        elif name in wanted:
            numbers[number] = name
    entries = []
    for kind, start, length, _ in sections:
        if kind == _RELOCATIONS:
            for at in range(start, start + length, _RELOCATION.size):
                offset, info, _ = _RELOCATION.unpack_from(library, at)
                if info >> 32 in numbers:
                    entries.append((numbers[info >> 32], offset))
    if not anchor or {name for name, _ in entries} != set(numbers.values()):
        raise CannotBeReplaced("its table of foreign functions was not found")
    return Entries(anchor, tuple(entries))


def _sections(library: bytes) -> list[tuple[int, int, int, int]]:
    at, size, count = _SECTIONS_AT.unpack_from(library)
    return [_SECTION.unpack_from(library, at + number * size) for number in range(count)]


def replace(functions: ctypes.PyDLL, where: Entries, instead: Mapping[str, Any]) -> None:
    """Have this loaded copy call other functions from now on. Raises CannotBeReplaced.

    `instead`: ctypes functions by the name of the function they replace. They must be kept as long
        as the process lives, since the library holds their addresses.
    """
    anchor = ctypes.cast(getattr(functions, ANCHOR), ctypes.c_void_p).value or 0
    begin = anchor - where.anchor
    system = ctypes.CDLL(None, use_errno=True)
    for name, offset in where.entries:
        address = begin + offset
        page = address // mmap.PAGESIZE * mmap.PAGESIZE
        length = ctypes.c_size_t(address + ctypes.sizeof(ctypes.c_void_p) - page)
        if system.mprotect(ctypes.c_void_p(page), length, _READ_AND_WRITE):
            raise CannotBeReplaced(f"its table cannot be written to (error {ctypes.get_errno()})")
        stand_in = ctypes.cast(instead[name], ctypes.c_void_p)
        ctypes.c_void_p.from_address(address).value = stand_in.value
