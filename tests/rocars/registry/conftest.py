"""Applications as somebody fills them in, and what becomes of them at the desk."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import date

import pyotp

from rocars.registry.application_form import ApplicationData, FormRules, read
from rocars.registry.packs import PrintedSecrets
from rocars.registry.settings import RegistrationSettings
from rocars.service import Service
from tests.rocars.conftest import World

RULES = FormRules(RegistrationSettings(), z_four_digits_is_mainland=True)
TODAY = date(2010, 5, 17)
COMPANY = {
    "kind": "company",
    "registration_number": "12345678",
    "name": "Kwun Tong Umbrellas 觀塘雨傘",
    "responsible_person": "Wong Siu Ming",
    "phone": "2345 6789",
    "address": "1 Hung To Road\nKwun Tong",
    "signatory1": "Lee Ka Yan",
    "lodges": "yes",
    "trucker1_name": "Chan Tai Man 陳大文",
    "trucker1_phone": "+852 9123 4567",
    "trucker1_language": "yue",
    "trucker1_vehicles": "AB 1234, fu88",
    "client1_name": "Lanterns Ltd",
    "client1_number": "87654321",
    "client1_consented_by": "Ho Mei",
    "client1_consented_on": "2010-05-03",
    "counter": "KWT",
}
"""A form without a fault."""


def application(**changes: str) -> ApplicationData:
    found = read(COMPANY | changes, RULES, "zh-Hant", TODAY)
    assert isinstance(found, ApplicationData), found
    return found


@dataclass
class Desk:
    """A registrar at work, without pages, and `other` who hands over what they approved."""

    world: World
    name: str = "hoi"
    other: str = "mak"

    @property
    def service(self) -> Service:
        return self.world.running.service

    async def approved(self, tokens: str = "soft", **changes: str) -> list[str]:
        """The user IDs given out for an application."""
        await self.service.applications.send(application(**changes), secrets.token_hex(16))
        (*_, seen) = await self.service.applications.queue()
        return await self.service.approval.approve(self.name, seen.id, seen.version, tokens)

    async def printed(self, user_id: str) -> PrintedSecrets:
        """The newest pack of an account, printed."""
        pack = (await self.service.packs.of_account(user_id))[-1]
        printed = await self.service.packs.print_out(self.name, pack.id)
        assert printed is not None
        return printed

    async def handed_over(self, user_id: str, device: str = "") -> PrintedSecrets:
        printed = await self.printed(user_id)
        await self.service.packs.hand_over(self.other, printed.view.id, device)
        return printed

    def code(self, seed: bytes) -> str:
        """What a soft token shows now."""
        return pyotp.TOTP(base64.b32encode(seed).decode()).at(self.world.clock())

    async def log_in(self, user_id: str, pin: str, seed: bytes) -> int:
        """The status a driver's log-in by the API gets, as by telephone."""
        self.world.clock.forward(seconds=31)  # no code twice
        return (await self.world.key_in(user_id, pin, self.code(seed))).status
