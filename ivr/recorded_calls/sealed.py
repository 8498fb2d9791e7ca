"""The file of a recording: pieces of sound, each sealed before it is written.

Every file has an AES-256 key of its own, which stands at its beginning, sealed with a key of the
settings (Fernet). Each piece is sealed with it by AES-GCM; its number is the nonce, and what stands
at the beginning is authenticated with it. So no piece can be changed, left out, moved, or taken
into another file, and a recording that was broken off can be read as far as it goes. Clear text is
never written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"ROCARS recorded call 1\n"
_LENGTH_BYTES = 4
_LONGEST_PIECE = 1 << 24
_MIDDLE, _LAST = b"\0\0\0\0", b"\0\0\0\1"


class NoKey(Exception):
    """The settings have no key to seal recordings with."""


class CannotBeOpened(Exception):
    """The file is no recording of this call, is damaged, or was sealed with a key we lack."""


class SealedFile:
    """A recording that is being written."""

    def __init__(self, file: BinaryIO, call_id: str, keys: Sequence[str]) -> None:
        """Write the beginning. Raises NoKey, OSError."""
        if not keys:
            raise NoKey("call_recording.keys is empty")
        own = AESGCM.generate_key(256)
        inside = json.dumps({"call": call_id, "key": own.hex()}).encode()
        self._head = MAGIC + MultiFernet([Fernet(key) for key in keys]).encrypt(inside) + b"\n"
        self._cipher = AESGCM(own)
        self._number = 0
        self._file = file
        file.write(self._head)
        file.flush()

    def write(self, piece: bytes) -> None:
        """Seal and write one piece. Raises OSError."""
        self._write(piece, _MIDDLE)

    def finish(self) -> None:
        """Nothing more comes: mark the recording as whole. Raises OSError."""
        self._write(b"", _LAST)

    def _write(self, piece: bytes, place: bytes) -> None:
        nonce = place + self._number.to_bytes(8, "big")
        sealed = self._cipher.encrypt(nonce, piece, self._head)
        self._number += 1
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
        self._file.flush()


@dataclass(frozen=True)
class Opened:
    """A recording in clear; it belongs in memory alone.

    Attributes:
        whole: it goes on to the end of the call; false where it was broken off.
    """

    pieces: tuple[bytes, ...]
    whole: bool


def opened(file: BinaryIO, call_id: str, keys: Sequence[str]) -> Opened:
    """Open the recording of this call. Raises CannotBeOpened, OSError."""
    if file.read(len(MAGIC)) != MAGIC:
        raise CannotBeOpened("the file is no recording of a call")
    token = file.readline()
    try:
        inside = json.loads(MultiFernet([Fernet(key) for key in keys]).decrypt(token.strip()))
    except (InvalidToken, ValueError):
        raise CannotBeOpened("none of call_recording.keys opens it") from None
    if inside["call"] != call_id:
        raise CannotBeOpened("it is the recording of another call")
    cipher, head = AESGCM(bytes.fromhex(inside["key"])), MAGIC + token
    pieces: list[bytes] = []
    for number, sealed in enumerate(_sealed_pieces(file)):
        numbered = number.to_bytes(8, "big")
        try:
            pieces.append(cipher.decrypt(_MIDDLE + numbered, sealed, head))
        except InvalidTag:
            try:
                cipher.decrypt(_LAST + numbered, sealed, head)
            except InvalidTag:
                raise CannotBeOpened("it is damaged") from None
            return Opened(tuple(pieces), whole=True)
    return Opened(tuple(pieces), whole=False)


def _sealed_pieces(file: BinaryIO) -> Iterator[bytes]:
    """Those that are there to their ends: of a recording that was broken off, the last may not
    be. Raises CannotBeOpened."""
    while len(prefix := file.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
        length = int.from_bytes(prefix, "big")
        if length > _LONGEST_PIECE:
            raise CannotBeOpened("it is damaged")
        sealed = file.read(length)
        if len(sealed) < length:
            return
        yield sealed


def private_file(path: os.PathLike[str]) -> BinaryIO:
    """A new file that its owner alone may read. Raises OSError, also where it is there already."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
