"""Secure RTP as a telephone sends it, AES_CM_128_HMAC_SHA1_80 (RFC 3711, RFC 4568)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

_HEADER = 12


def _stream(key: bytes, counter: int, length: int) -> bytes:
    cipher = Cipher(AES(key), CTR(counter.to_bytes(16, "big"))).encryptor()
    return cipher.update(bytes(length)) + cipher.finalize()


@dataclass
class SecureSender:
    """Makes RTP packets secure.

    `master` is key and salt, 30 bytes.
    """

    master: bytes
    _keys: tuple[bytes, bytes, int] = field(init=False)

    def __post_init__(self) -> None:
        key, salt = self.master[:16], int.from_bytes(self.master[16:], "big")
        cipher, auth, salting = (
            _stream(key, (salt ^ label << 48) << 16, length)
            for label, length in ((0, 16), (1, 20), (2, 14))
        )
        self._keys = cipher, auth, int.from_bytes(salting, "big")

    @property
    def crypto(self) -> str:
        """The line of SDP that tells it."""
        inline = base64.b64encode(self.master).decode()
        return f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{inline}\r\n"

    def secured(self, packet: bytes, *, round_: int = 0, tag: int = 10) -> bytes:
        """The packet, enciphered and with its tag of so many bytes.

        `round_`: how often the sequence numbers have begun anew.
        """
        key, auth, salt = self._keys
        head, payload = packet[:_HEADER], packet[_HEADER:]
        sequence, source = struct.unpack("!2xH4xI", head)
        index = round_ << 16 | sequence
        mask = _stream(key, (salt << 16) ^ (source << 64) ^ (index << 16), len(payload))
        body = head + bytes(a ^ b for a, b in zip(payload, mask, strict=True))
        return body + hmac.new(auth, body + round_.to_bytes(4, "big"), hashlib.sha1).digest()[:tag]
