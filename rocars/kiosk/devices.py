"""Which kiosk it is. Its name and key are typed once on it, and a cookie keeps a proof of them."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from rocars.settings import KioskSettings

DEVICE_COOKIE = "rocars_kiosk"
OPEN = "open"
"""Name of every kiosk where they are let in without a key."""


@dataclass(frozen=True)
class Device:
    """One kiosk. What its key signs is worth nothing once the key is another."""

    name: str
    key: str = field(repr=False)

    def sign(self, text: str) -> str:
        return hmac.new(self.key.encode(), text.encode("utf-8", "replace"), sha256).hexdigest()

    def signed(self, text: str, signature: str) -> bool:
        """Whether this kiosk's key made the signature."""
        return _same(self.sign(text), signature)

    def has_key(self, typed: str) -> bool:
        return _same(self.key, typed)

    @property
    def cookie(self) -> str:
        """What its cookie holds: not the key itself."""
        return f"{self.name}.{self.sign(_PROOF)}"


_PROOF = "this browser is the kiosk"


def devices_of(settings: KioskSettings) -> dict[str, Device]:
    """The kiosks of the settings, by name; an open one has a key for as long as the process."""
    named = {
        device.name: Device(device.name, device.key.get_secret_value())
        for device in settings.devices
    }
    return named | ({OPEN: Device(OPEN, secrets.token_urlsafe(32))} if settings.open else {})


def device_of(cookie: str, devices: Mapping[str, Device]) -> Device | None:
    """The kiosk whose cookie it is; where kiosks are open, every browser is one."""
    name, _, proof = cookie.partition(".")
    device = devices.get(name)
    if device is not None and device.signed(_PROOF, proof):
        return device
    return devices.get(OPEN)


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode("utf-8", "surrogatepass"))
