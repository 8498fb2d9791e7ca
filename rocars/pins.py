"""PIN hashes (argon2id, RFC 9106), computed off the event loop."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rocars.settings import AuthSettings


class PinHasher:
    """Hashes and verifies PINs on threads of its own."""

    def __init__(self, settings: AuthSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=1,
        )
        self._threads = ThreadPoolExecutor(settings.argon2_threads, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, pin: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._hasher.hash, pin
        )

    async def verify(self, pin_hash: str | None, pin: str) -> bool:
        """Whether the PIN is the one hashed. Without a hash the same work is done, for nothing."""
        verified = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._verify, pin_hash or self._nobody, pin
        )
        return verified and pin_hash is not None

    def _verify(self, pin_hash: str, pin: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin)
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        self._threads.shutdown(wait=False)
