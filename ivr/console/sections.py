"""The settings that the console uses: of the whole service, these sections and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ivr.console.alert_settings import AlertSettings
from ivr.console.report_settings import ReportSettings
from ivr.console.settings import ConsoleSettings, WebSettings
from ivr.dialogue.settings import DialogueSettings
from ivr.handset.settings import HandsetSettings
from ivr.recorded_calls.settings import CallRecordingSettings
from ivr.records.settings import RecordsSettings
from prompts.settings import PromptSettings
from sip_config.settings import SipSettings
from speech.languages.language import Language
from speech.recognition.settings import RecognitionSettings


class NodeSection(Protocol):
    """Of `[node]`."""

    @property
    def name(self) -> str: ...
    @property
    def data(self) -> Path: ...


class FlowsSection(Protocol):
    """Of `[flows]`."""

    @property
    def hotline_transfer_uri(self) -> str: ...
    @property
    def languages(self) -> tuple[Language, ...]: ...
    @property
    def practice_numbers(self) -> tuple[str, ...]: ...
    @property
    def recording_numbers(self) -> tuple[str, ...]: ...


class ConsoleSections(Protocol):
    """What the console reads of the settings (fulfilled by `ivr.settings.service.Settings`)."""

    @property
    def node(self) -> NodeSection: ...
    @property
    def web(self) -> WebSettings: ...
    @property
    def flows(self) -> FlowsSection: ...
    @property
    def dialogue(self) -> DialogueSettings: ...
    @property
    def speech(self) -> RecognitionSettings: ...
    @property
    def prompts(self) -> PromptSettings: ...
    @property
    def console(self) -> ConsoleSettings: ...
    @property
    def alerts(self) -> AlertSettings: ...
    @property
    def reports(self) -> ReportSettings: ...
    @property
    def sip(self) -> SipSettings: ...
    @property
    def handset(self) -> HandsetSettings: ...
    @property
    def call_recording(self) -> CallRecordingSettings: ...
    @property
    def recorded_calls(self) -> Path: ...
    @property
    def records(self) -> RecordsSettings: ...
    @property
    def records_url(self) -> str: ...
    @property
    def published_prompts(self) -> Path: ...
