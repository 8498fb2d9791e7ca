"""In which encoding a file is written: UTF-8 (with or without BOM), UTF-16 with BOM, Big5 (with
HKSCS) or GB18030. Nearly every byte of Big5 means something in GB18030 as well, so which of the two
it is is judged by whether the characters are ones that people write."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from rocars.cargo.batch.items import FileBroken, RowError

_CHUNK = 65_536
_COUNTED = 200_000
_CLEARLY = 0.15
"""By how much the share of common characters must differ; closer than that, nothing is guessed."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_NAMES = {
    "ascii": "utf-8",
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
}
"""What an XML declaration names, and what it is read as: the largest set that contains it."""
_CALLED = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "big5hkscs": "Big5",
    "gb18030": "GB18030",
}


def _characters(encoding: str, lead: range, trail: tuple[int, ...]) -> set[str]:
    pairs = (bytes((first, second)) for first in lead for second in trail)
    return {text for pair in pairs if len(text := pair.decode(encoding, "ignore")) == 1}


_BIG5_TRAIL = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
_GB_TRAIL = tuple(range(0xA1, 0xFF))
_COMMON = (
    _characters("big5", range(0xA1, 0xC7), _BIG5_TRAIL)  # marks, and the 5,401 frequent ones
    | _characters("gb2312", range(0xA1, 0xA4), _GB_TRAIL)
    | _characters("gb2312", range(0xB0, 0xD8), _GB_TRAIL)  # level 1: 3,755
)


def recognised(file: BinaryIO) -> str:
    """The encoding of the whole file, which is then sure to be decodable. Raises FileBroken."""
    file.seek(0)
    head = file.read(1024)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            _check(file, encoding, "text in %(encoding)s, as the first bytes of the file promise")
            return encoding
    declared = _DECLARED.match(head)
    if declared is not None:
        encoding = _known(declared[1].decode("ascii"))
        _check(file, encoding, "text in %(encoding)s, as the XML declaration says")
        return encoding
    try:
        _share_of_common(file, "utf-8")
    except UnicodeDecodeError:
        if head.lstrip().startswith(b"<"):  # XML without a declaration is UTF-8 (XML 1.0, 4.3.3)
            _check(file, "utf-8")
        return _chinese(file)
    return "utf-8"


def _known(name: str) -> str:
    try:
        return _NAMES[codecs.lookup(name).name]
    except (LookupError, KeyError):
        raise FileBroken(RowError(1, 0, "", name, "UTF-8, Big5 or GB18030")) from None


def _chinese(file: BinaryIO) -> str:
    shares: dict[str, float] = {}
    for encoding in ("big5hkscs", "gb18030"):
        try:
            shares[encoding] = _share_of_common(file, encoding)
        except UnicodeDecodeError:
            continue
    if not shares:
        _check(file, "utf-8")  # says where
    best, *others = sorted(shares, key=lambda encoding: -shares[encoding])
    if others and shares[best] - shares[others[0]] < _CLEARLY:
        raise FileBroken(
            RowError(0, 0, "", "", "a file in UTF-8: whether this is Big5 or GB18030 is not clear")
        )
    return best


def _check(file: BinaryIO, encoding: str, expected: str = "text in UTF-8, Big5 or GB18030") -> None:
    """Raises FileBroken with the line of the first byte that means nothing."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    while True:
        chunk = file.read(_CHUNK)
        try:
            line += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "ignore")
            raise FileBroken(
                RowError(
                    line + before.count("\n"),
                    0,
                    "",
                    error.object[error.start : error.start + 4].hex(" "),
                    expected,
                    {"encoding": _CALLED[encoding]},
                )
            ) from None
        if not chunk:
            return


def _share_of_common(file: BinaryIO, encoding: str) -> float:
    """How many of its characters beyond ASCII are common ones; the whole file is decoded.

    Raises UnicodeDecodeError.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    beyond = common = 0
    while True:
        chunk = file.read(_CHUNK)
        text = decoder.decode(chunk, final=not chunk)
        if not chunk:
            return common / beyond if beyond else 1.0
        if beyond < _COUNTED:
            foreign = [character for character in text if character > "\x7f"]
            beyond += len(foreign)
            common += sum(character in _COMMON for character in foreign)
