"""PIN hashes (argon2id, RFC 9106), as dear as the settings say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ground.web.passwords import SecretHasher
from rocars.secrets.settings import PinHashSettings


class PinHasher(SecretHasher):
    """Hashes and verifies PINs on threads of its own."""

    def __init__(self, settings: PinHashSettings) -> None:
        self._own = ThreadPoolExecutor(settings.argon2_threads, thread_name_prefix="argon2")
        super().__init__(
            time_cost=settings.argon2_time_cost,
            memory_kib=settings.argon2_memory_kib,
            parallelism=1,
            threads=self._own,
        )

    def close(self) -> None:
        self._own.shutdown(wait=False)
