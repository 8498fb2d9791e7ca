"""Hashes of passwords and PINs (argon2id, RFC 9106), computed off the event loop."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from argon2 import (
    DEFAULT_MEMORY_COST,
    DEFAULT_PARALLELISM,
    DEFAULT_TIME_COST,
    PasswordHasher,
)
from argon2.exceptions import InvalidHashError, VerificationError

from ground.refusal import Refusal

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
LOWEST_SCORE = 3
"""Of zxcvbn, 0 to 4: ten thousand million guesses and more."""
LONGEST_GUESSED = 72
"""So many characters are looked at; zxcvbn takes no more."""
EXPECTED = ("rocars", "customs", "hongkong", "console")
"""What somebody guesses first here."""


class WeakPassword(Refusal):
    """It says what is asked of a password."""


class SecretHasher:
    """Hashes and verifies. What a hash costs is argon2-cffi's default unless given."""

    def __init__(
        self,
        *,
        time_cost: int = DEFAULT_TIME_COST,
        memory_kib: int = DEFAULT_MEMORY_COST,
        parallelism: int = DEFAULT_PARALLELISM,
        threads: ThreadPoolExecutor | None = None,
    ) -> None:
        """Without threads of its own it uses those of the running event loop, so that one made
        before a fork works after it."""
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism
        )
        self._threads = threads
        self._nobody = _hash_of_nobody(self._hasher)

    async def hash(self, secret: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._hasher.hash, secret
        )

    async def verify(self, hashed: str | None, secret: str) -> bool:
        """Whether the secret is the one hashed.

        Without a hash the same work is done for nothing, so that names that do not exist cannot be
        told by the time it takes.
        """
        verified = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._verify, hashed or self._nobody, secret
        )
        return verified and hashed is not None

    def _verify(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, secret)
        except (VerificationError, InvalidHashError):
            return False


def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """A hash that is not one of any secret, to verify what is said of a name that does not exist.

    Made up instead of computed: a service is not kept waiting for that at its start, and to verify
    it takes as long as any other (the parameters stand in it; PHC string format of argon2).
    """

    def encoded(size: int) -> str:
        return base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()

    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${encoded(hasher.salt_len)}${encoded(hasher.hash_len)}"


def check_strength(password: str, name: str, about: Iterable[str] = ()) -> None:
    """Length is what counts, and that it is on no list (NIST SP 800-63B, 5.1.1.2).

    Known passwords, keyboard rows and dates are known by zxcvbn; `about` are words that others
    know of the person. Takes tens of milliseconds. Raises WeakPassword.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword("a password has %(number)d characters or more", number=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword("a password has %(number)d characters or fewer", number=LONGEST_PASSWORD)
    if name in password.lower() or len(set(password)) < 5:
        raise WeakPassword("a password is not the name, nor a few characters repeated")
    # Here, not above: its lists take a moment to read, and few processes need them.
    from zxcvbn import zxcvbn

    known = [word for text in about for word in text.split()]
    found = zxcvbn(password[:LONGEST_GUESSED], user_inputs=[name, *known, *EXPECTED])
    if found["score"] < LOWEST_SCORE:
        raise WeakPassword("a password is not one that is on lists or easily guessed")
