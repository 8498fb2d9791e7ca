"""Reads key presses in SRTP under payload types that were not agreed, with the key from the offer.

The library drops packets of other payload types, so they are deciphered here: RFC 3711 with
AES_CM_128 and HMAC_SHA1_80 or _32, keys as in RFC 4568. A packet whose tag does not fit the key is
ignored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

_CRYPTO = re.compile(
    r"^a=crypto:\d+ AES_CM_128_HMAC_SHA1_(?:80|32) inline:([A-Za-z0-9+/]{40})(?![A-Za-z0-9+/])",
    re.MULTILINE,
)
_HEAD = struct.Struct("!2xH4xI")
_HEADER, _EVENT = 12, 4
_CIPHER_KEY, _AUTH_KEY, _SALT = (0, 16), (1, 20), (2, 14)
"""Label and length of each session key (RFC 3711, 4.3.2)."""
_TAGS = (10, 4)
_ROUNDS = 16
"""How often a stream's sequence numbers may have wrapped around: 16 times is six hours at 20 ms a
packet."""

LENGTHS = tuple(_HEADER + _EVENT + tag for tag in _TAGS)
"""Lengths of a packet with one event."""


def keys_offered(message: str) -> tuple[bytes, ...]:
    """The sender's keys in an offer or answer, each with its salt; only those that the library can
    use."""
    return tuple(base64.b64decode(inline) for inline in _CRYPTO.findall(message))


@dataclass(frozen=True)
class _SessionKeys:
    cipher: bytes
    auth: bytes
    salt: int

    @classmethod
    def of(cls, master: bytes) -> _SessionKeys:
        key, salt = master[:16], int.from_bytes(master[16:], "big")
        cipher, auth, salting = (
            _stream(key, (salt ^ label << 48) << 16, length)
            for label, length in (_CIPHER_KEY, _AUTH_KEY, _SALT)
        )
        return cls(cipher, auth, int.from_bytes(salting, "big"))


class SecureEvents:
    """Reads the events of one sender. Used on the pj thread only."""

    def __init__(self, masters: tuple[bytes, ...]) -> None:
        """`masters`: the offered keys, of which the sender uses one."""
        self._keys = [_SessionKeys.of(master) for master in masters]
        self._round = 0

    def opened(self, packet: bytes) -> bytes | None:
        """Decipher the packet to plain RTP; None if it is not the sender's."""
        if len(packet) not in LENGTHS:
            return None
        body, tag = packet[: _HEADER + _EVENT], packet[_HEADER + _EVENT :]
        likely = dict.fromkeys((self._round, self._round + 1, *range(_ROUNDS)))
        for keys in self._keys:
            for number in likely:
                right = hmac.digest(keys.auth, body + number.to_bytes(4, "big"), hashlib.sha1)
                if hmac.compare_digest(right[: len(tag)], tag):
                    self._round = number
                    self._keys = [keys]
                    return _deciphered(body, keys, number)
        return None


def _deciphered(body: bytes, keys: _SessionKeys, round_: int) -> bytes:
    sequence, source = _HEAD.unpack_from(body)
    index = round_ << 16 | sequence
    mask = _stream(keys.cipher, (keys.salt << 16) ^ (source << 64) ^ (index << 16), _EVENT)
    payload = bytes(a ^ b for a, b in zip(body[_HEADER:], mask, strict=True))
    return body[:_HEADER] + payload


def _stream(key: bytes, counter: int, length: int) -> bytes:
    cipher = Cipher(AES(key), CTR(counter.to_bytes(16, "big"))).encryptor()
    return cipher.update(bytes(length)) + cipher.finalize()
