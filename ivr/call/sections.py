"""The settings that a call needs: of the whole service, these sections and no others."""

from __future__ import annotations

from typing import Protocol

from call_flows.rules import FlowRules
from ivr.dialogue.settings import DialogueSettings
from ivr.records.settings import RecordsSettings
from ivr.telephony.settings import TelephonySettings
from sip_config.settings import SipSettings


class NodeSection(Protocol):
    """The settings of `[node]` that a call reads."""

    @property
    def name(self) -> str: ...


class CallSections(Protocol):
    """What a call reads of the settings (fulfilled by `ivr.settings.service.Settings`)."""

    @property
    def node(self) -> NodeSection: ...
    @property
    def sip(self) -> SipSettings: ...
    @property
    def telephony(self) -> TelephonySettings: ...
    @property
    def dialogue(self) -> DialogueSettings: ...
    @property
    def flows(self) -> FlowRules: ...
    @property
    def records(self) -> RecordsSettings: ...
