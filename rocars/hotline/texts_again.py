"""The text message with a bundle, sent again to the telephone of its driver on request."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from ground.sms.bundle_text import bundle_text
from ground.sms.gateway import NotSent, SmsGateway
from rocars.bundling.bundles import checked_ubr, locked_bundle, receipt_of, require_live
from rocars.clock import Clock, in_hong_kong
from rocars.hotline.deeds import NotPossible, note, reason_given
from rocars.hotline.findings import masked_number
from rocars.hotline.subjects import Kind, Subject
from rocars.refusals import Problem
from rocars.store.database import Database
from rocars.store.tables.bundling import Bundle
from rocars.store.tables.registration import Driver

log = structlog.get_logger("rocars.hotline")


@dataclass(frozen=True)
class _Message:
    to: str
    text: str


class TextsAgain:
    def __init__(self, database: Database, clock: Clock, gateway: SmsGateway | None) -> None:
        """`gateway`: None where text messages are not set up."""
        self._database = database
        self._clock = clock
        self._gateway = gateway

    @property
    def set_up(self) -> bool:
        return self._gateway is not None

    async def send(self, officer: str, ubr: str, reason: str) -> str:
        """Send the driver of a live bundle its text message; the number it went to, masked.

        It goes to the number the driver is registered with. It is written down before it leaves:
        a message that nobody knows of would be worse than one that is told and never came. What
        the gateway does not take is written down as well. Raises NotPossible.
        """
        reason = reason_given(reason)
        if self._gateway is None:
            raise NotPossible("Text messages are not set up here.")
        subject = Subject(Kind.UBR, ubr)
        try:
            async with self._database.writing() as session:
                bundle = await locked_bundle(session, checked_ubr(ubr))
                message = await self._message(session, bundle)
                note(session, self._clock(), officer, "texted", subject, reason)
        except Problem as problem:
            raise NotPossible(problem.code.meaning) from None
        try:
            await self._gateway.send(message.to, message.text, f"hotline-{secrets.token_hex(16)}")
        except NotSent as why:
            async with self._database.writing() as session:
                note(session, self._clock(), officer, "not_sent", subject, str(why))
            log.error("hotline.text_not_sent", officer=officer, ubr=ubr, why=str(why))
            raise NotPossible(
                "The text message was not taken. Try again, or read the reference out."
            ) from None
        log.info("hotline.text_sent", officer=officer, ubr=ubr)
        return masked_number(message.to)

    async def _message(self, session: AsyncSession, bundle: Bundle) -> _Message:
        """Raises NotPossible, and Problem BUNDLE_NOT_LIVE."""
        now = self._clock()
        require_live(bundle, now)
        driver = await session.get_one(Driver, bundle.driver_id)
        if not driver.phone:
            raise NotPossible("No telephone number of the driver is known.")
        receipt = receipt_of(bundle, now)
        at_once = receipt.crossing.immediately or receipt.crossing.at <= now
        text = bundle_text(
            driver.language,
            ubr=receipt.ubr,
            vehicle=receipt.vehicle,
            ccrns=receipt.ccrns,
            cross_from=None if at_once else in_hong_kong(receipt.crossing.at),
        )
        return _Message(driver.phone, text)
