"""The secrets of the service: API keys of its callers and the key the token seeds are locked with.

In embedded mode a missing one is made at first start and kept in a file only the owner can read.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from rocars.secrets.push_keys import PushKeys, fresh_push_key
from rocars.secrets.settings import KeySettings

log = structlog.get_logger("rocars.keys")

MIN_API_KEY = 16


class Role(StrEnum):
    """Who calls."""

    IVR = "ivr"
    SHIPPER = "shipper"
    ADMIN = "admin"
    CAMERA = "camera"
    DISPLAY = "display"
    DEMO = "demo"


DISPENSABLE = frozenset({Role.CAMERA, Role.DISPLAY, Role.DEMO})
"""Roles that a ROCARS may do without: nothing opens to them until their key is set."""


class KeyMissing(RuntimeError):
    """A key is neither set nor to be made, or is not of the form it must have."""


@dataclass(frozen=True)
class KeyRing:
    """`api_keys` by role, those in use; `retiring` count besides, while keys are changed. `seeds`
    encrypts token seeds, `pushes` signs what is pushed."""

    api_keys: dict[Role, str] = field(repr=False)
    retiring: tuple[tuple[Role, str], ...] = field(repr=False)
    seeds: MultiFernet = field(repr=False)
    pushes: PushKeys = field(repr=False)

    def role_of(self, presented: str) -> Role | None:
        """Whose key this is; compared in constant time. None: nobody's."""
        given = sha256(presented.encode("utf-8", "surrogateescape")).digest()
        found = None
        for role, key in (*self.api_keys.items(), *self.retiring):
            if hmac.compare_digest(given, sha256(key.encode()).digest()):
                found = role
        return found

    def lock_seed(self, seed: bytes) -> str:
        return self.seeds.encrypt(seed).decode()

    def unlock_seed(self, locked: str) -> bytes:
        """Raises KeyMissing when the seed was locked with a key that is not on the ring."""
        try:
            return self.seeds.decrypt(locked)
        except InvalidToken:
            raise KeyMissing("a token seed is locked with another keys.token_seeds") from None


def load_keys(settings: KeySettings, data_dir: Path, *, embedded: bool) -> KeyRing:
    """Keys of the settings, or of the data directory in embedded mode. Raises KeyMissing."""

    def from_file(name: str, fresh: str) -> str:
        if not embedded:
            raise KeyMissing(f"keys.{name.removesuffix('.key')} must be set when embedded is off")
        return _from_file(data_dir, name, fresh)

    api_keys: dict[Role, str] = {}
    retiring: list[tuple[Role, str]] = []
    for role in Role:
        given = getattr(settings, role.value).get_secret_value()
        if not given and not embedded and role in DISPENSABLE:
            log.warning("keys.none", role=role.value)
            continue
        text = given or from_file(f"{role.value}.key", secrets.token_urlsafe(32))
        key, *old = (part.strip() for part in text.split(","))
        if any(len(part) < MIN_API_KEY or not part.isascii() for part in (key, *old)):
            raise KeyMissing(f"keys.{role.value}: expected at least {MIN_API_KEY} ASCII characters")
        api_keys[role] = key
        retiring += [(role, part) for part in old]
    counted = [*api_keys.values(), *(key for _, key in retiring)]
    if len(set(counted)) < len(counted):
        raise KeyMissing("keys: expected a different API key for each of " + ", ".join(Role))
    text = settings.token_seeds.get_secret_value() or from_file(
        "token_seeds.key", Fernet.generate_key().decode()
    )
    try:
        seeds = MultiFernet([Fernet(part.strip()) for part in text.split(",")])
    except ValueError:
        raise KeyMissing("keys.token_seeds: expected Fernet keys (32 bytes, base64url)") from None
    pushes = _push_keys(settings, data_dir, embedded=embedded)
    return KeyRing(api_keys, tuple(retiring), seeds, pushes)


def _push_keys(settings: KeySettings, data_dir: Path, *, embedded: bool) -> PushKeys:
    """Raises KeyMissing."""
    text = settings.push_signing.get_secret_value()
    if not text and not embedded:
        log.warning("keys.none", role="push_signing")
        return PushKeys({})
    text = text or _from_file(data_dir, "push_signing.key", fresh_push_key())
    try:
        return PushKeys.of([part.strip() for part in text.split(",")])
    except ValueError:
        raise KeyMissing("keys.push_signing: expected 32 bytes of Ed25519 in base64") from None


def key_file(data_dir: Path, role: Role) -> Path:
    """Where embedded mode keeps the API key of a role."""
    return data_dir / f"{role.value}.key"


def _from_file(data_dir: Path, name: str, fresh: str) -> str:
    """The key in a file, made if there is none; of two starters at once both use the first's."""
    path = data_dir / name
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(fresh + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # whole or not at all, and never over another's
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & 0o077:
        raise KeyMissing(f"{path}: expected to be readable by its owner only (mode 0600)")
    return path.read_text().strip()
