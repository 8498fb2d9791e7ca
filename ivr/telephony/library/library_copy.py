"""Makes the file of another copy of the SIP library: the same code, sharing no variables.

Loaded from a file of another name, a shared object gets variables of its own. Two things would
still be shared by all copies, and are separated here:

- the table of types the binding (SWIG) keeps in the interpreter under a fixed name, by which an
  object would get the methods of another copy than the one it was made by;
- symbols that are marked to exist once in a process (STB_GNU_UNIQUE of the GNU gABI supplement),
  which in this library are pointers into that table. They become weak symbols, so that each copy
  finds its own.
"""

from __future__ import annotations

import re
import struct

_TYPE_TABLE = re.compile(rb"swig_runtime_(data\d)")

_ELF_64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"
_SECTIONS_AT = struct.Struct("<40xQ10xHH")
"""Fields of the ELF header: offset of the section headers, size of each, their number."""
_SECTION = struct.Struct("<4xI16xQQ")
"""Fields of a section header: type, offset, size."""
_DYNAMIC_SYMBOLS = 11
_SYMBOL_BYTES = 24
_SYMBOL_INFO = 4
_UNIQUE, _WEAK = 10 << 4, 2 << 4


class CannotBeCopied(Exception):
    """The library is built in a way that we do not know; the text says in what."""


def another_copy(library: bytes, number: int) -> bytes:
    """Make the file of copy `number` from the library's file. Raises CannotBeCopied."""
    found = _TYPE_TABLE.search(library)
    if found is None:
        raise CannotBeCopied("it has no table of types")
    own_name = found[0][: -len(found[1])] + b"%0*d" % (len(found[1]), number)
    copy = bytearray(library.replace(found[0], own_name))
    _part_unique_symbols(copy)
    return bytes(copy)


def _part_unique_symbols(library: bytearray) -> None:
    if not library.startswith(_ELF_64_LITTLE_ENDIAN):
        raise CannotBeCopied("it is not a library for 64-bit Linux")
    at, size, count = _SECTIONS_AT.unpack_from(library)
    for number in range(count):
        kind, start, length = _SECTION.unpack_from(library, at + number * size)
        if kind == _DYNAMIC_SYMBOLS:
            for info in range(start + _SYMBOL_INFO, start + length, _SYMBOL_BYTES):
                if library[info] & 0xF0 == _UNIQUE:
                    library[info] = _WEAK | library[info] & 0x0F
            return
    raise CannotBeCopied("it names no symbols")
