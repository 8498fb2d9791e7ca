"""The prompt studio as the recording line uses it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from call_flows.recording_studio import ClipToRecord, NotTaken, Refusal, StudioAway, StudioLocked
from ground.web.lockout import LockedFor
from ivr.records.audit import deeds_from
from ivr.records.database import RecordsUnavailable
from ivr.records.people import People
from ivr.records.roles import Role
from ivr.studio.clips import Studio
from ivr.studio.intake import Intake
from prompts.library import Shelf
from prompts.settings import PromptSettings
from prompts.take import BadTake, Fault, from_pcm
from prompts.utterance import BYTES_PER_SECOND
from speech.languages.language import Language

log = structlog.get_logger("ivr.call.recording_line")

_REFUSALS = {
    Fault.CLIPPED: Refusal.DISTORTED,
    Fault.NOISY: Refusal.NOISY,
    Fault.QUIET: Refusal.QUIET,
    Fault.TOO_SHORT: Refusal.TOO_SHORT,
    Fault.TOO_LONG: Refusal.TOO_LONG,
}


@dataclass
class PhoneStudio:
    """One call's share of the studio (fulfils `call_flows.recording_studio.RecordingStudio`).

    Attributes:
        caller: the masked number and the line, as the audit log shows them.
    """

    people: People
    studio: Studio
    intake: Intake
    shelf: Shelf
    settings: PromptSettings
    caller: str
    operator: str = ""

    async def log_in(self, operator_id: str, pin: str) -> bool:
        try:
            person = await self.people.by_phone(operator_id, pin, self.caller)
        except LockedFor as locked:
            raise StudioLocked from locked
        except RecordsUnavailable as failure:
            raise self._away(failure) from failure
        if person is None or not person.role.may(Role.OPERATOR):
            return False
        self.operator = person.name
        return True

    async def clip(self, number: str, language: Language) -> ClipToRecord | None:
        try:
            found = await self.studio.numbered(language, number)
        except RecordsUnavailable as failure:
            raise self._away(failure) from failure
        if found is None:
            return None
        self.shelf.changed()
        today = self.shelf.clip(language, found.name)
        return ClipToRecord(number, language, found.name, bytes(today or b""))

    async def mended(self, clip: ClipToRecord, spoken: bytes) -> bytes:
        usual_s = len(clip.today) / BYTES_PER_SECOND or None
        try:
            take = await asyncio.to_thread(
                from_pcm, spoken, self.settings.takes, self.settings.loudness_lufs, usual_s
            )
        except BadTake as refusal:
            raise NotTaken(_REFUSALS.get(refusal.fault, Refusal.NOTHING)) from refusal
        return take.pcm

    async def keep(self, clip: ClipToRecord, spoken: bytes) -> None:
        try:
            found = await self.studio.numbered(clip.language, clip.number)
            if found is None:
                raise NotTaken(Refusal.NOTHING)
            with deeds_from(line=self.caller):
                version = await self.intake.phone(self.operator, found, spoken)
        except BadTake as refusal:
            raise NotTaken(_REFUSALS.get(refusal.fault, Refusal.NOTHING)) from refusal
        except RecordsUnavailable as failure:
            raise self._away(failure) from failure
        log.info("recorded by telephone", clip=clip.name, version=version.serial)

    @staticmethod
    def _away(failure: RecordsUnavailable) -> StudioAway:
        log.error("the studio is away", why=str(failure))
        return StudioAway(str(failure))
