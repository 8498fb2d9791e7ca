"""The keys that results are signed with before they are pushed (Ed25519, RFC 8032).

Several may be on the ring: the first signs, all are published, so that receivers know the next one
before it is used.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class PushKeys:
    """`private` by key ID, that which signs first; without any nothing is pushed."""

    private: dict[str, Ed25519PrivateKey] = field(repr=False)

    @classmethod
    def of(cls, texts: Sequence[str]) -> PushKeys:
        """Keys of their 32 bytes in base64. Raises ValueError."""
        keys = [
            Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True))
            for text in texts
        ]
        return cls({key_id(key.public_key()): key for key in keys})

    @property
    def current(self) -> str:
        """The ID of the key that signs. Raises StopIteration when there is none."""
        return next(iter(self.private))

    @property
    def published(self) -> dict[str, str]:
        """Public keys by key ID, their 32 bytes in base64."""
        return {
            name: base64.b64encode(_bytes_of(key.public_key())).decode()
            for name, key in self.private.items()
        }


def fresh_push_key() -> str:
    """A new key, as `PushKeys.of` takes it."""
    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def key_id(key: Ed25519PublicKey) -> str:
    """What a signature names this key by."""
    return sha256(_bytes_of(key)).hexdigest()[:16]


def _bytes_of(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
