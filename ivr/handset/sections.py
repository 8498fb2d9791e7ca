"""The settings that the telephone in the browser uses: these sections and no others."""

from __future__ import annotations

import re
from typing import Protocol

from ivr.dialogue.settings import DialogueSettings
from ivr.handset.settings import HandsetSettings
from ivr.records.settings import RecordsSettings
from ivr.telephony.settings import TelephonySettings
from sip_config.settings import SipSettings
from speech.languages.language import Language
from speech.recognition.settings import RecognitionSettings

_NUMBER = re.compile(r"\+?[0-9]{1,20}")


class FlowsSection(Protocol):
    """Of `[flows]`."""

    @property
    def languages(self) -> tuple[Language, ...]: ...
    @property
    def practice_numbers(self) -> tuple[str, ...]: ...
    @property
    def recording_numbers(self) -> tuple[str, ...]: ...


class HandsetSections(Protocol):
    """What it reads of the settings (fulfilled by `ivr.settings.service.Settings`)."""

    @property
    def handset(self) -> HandsetSettings: ...
    @property
    def sip(self) -> SipSettings: ...
    @property
    def telephony(self) -> TelephonySettings: ...
    @property
    def dialogue(self) -> DialogueSettings: ...
    @property
    def speech(self) -> RecognitionSettings: ...
    @property
    def flows(self) -> FlowsSection: ...
    @property
    def records(self) -> RecordsSettings: ...
    @property
    def records_url(self) -> str: ...


def numbers_of(sip: SipSettings, flows: FlowsSection) -> tuple[str, ...]:
    """The numbers that may be dialled: this service's own, but for patterns and for the line on
    which operators record prompts."""
    return tuple(
        number
        for number in sip.numbers
        if _NUMBER.fullmatch(number) and number not in flows.recording_numbers
    )
