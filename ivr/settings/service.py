"""The settings of the whole service: a TOML file, the environment, and defaults that work.

Each room defines its own section; they come together here. The environment wins over the file:
``ROCARS_IVR_SIP__PORT`` is ``port`` in the section ``[sip]``.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Address
from pathlib import Path

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from backend_client.settings import RocarsClientSettings
from call_flows.rules import FlowRules
from ground.database.urls import sqlite_url
from ground.sms.settings import SmsSettings
from ivr.console.alert_settings import AlertSettings
from ivr.console.report_settings import ReportSettings
from ivr.console.settings import ConsoleSettings, SelfTestSettings, WebSettings
from ivr.dialogue.settings import DialogueSettings
from ivr.handset.settings import HandsetSettings
from ivr.recorded_calls.settings import CallRecordingSettings
from ivr.records.settings import RecordsSettings
from ivr.settings.explained import SettingsError
from ivr.settings.given import Given
from ivr.settings.known import DELIMITER, PREFIX
from ivr.settings.node import EmbeddedRocarsSettings, NodeSettings
from ivr.settings.pool import PoolSettings
from ivr.settings.sources import read
from ivr.telephony.settings import TelephonySettings
from prompts.settings import PromptSettings
from sip_config.edge import EdgeSettings
from sip_config.settings import SipSettings
from speech.recognition.settings import RecognitionSettings

__all__ = ["Settings", "SettingsError", "load", "load_with_origins"]

CONFIG_VARIABLE = PREFIX + "CONFIG"
DEFAULT_FILE = Path("rocars-ivr.toml")


class Settings(BaseSettings):
    """All settings, checked. `Settings()` is the defaults alone; `load` reads file and environment.

    Attributes:
        node: this machine.
        web: health and metrics.
        sip: trunks, transports and the SIP front.
        edge: several nodes behind one address.
        telephony: the call engine of a worker.
        pool: workers and lines.
        dialogue: how callers are asked.
        flows: rules of the conversations.
        prompts: what is said, and its recordings.
        speech: how callers are heard.
        console: the operators' web pages.
        alerts: when people are told that something is wrong.
        reports: figures by e-mail.
        call_recording: recordings of calls.
        self_test: calls the service places to itself.
        rocars: where ROCARS is and how long it is waited for.
        embedded_rocars: the reference ROCARS.
        handset: the telephone in the browser.
        sms: the gateway of text messages.
        records: the database of CDRs, traces and bundle requests.
    """

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
    )

    node: NodeSettings = Field(default_factory=lambda: NodeSettings.model_validate({}))
    web: WebSettings = Field(default_factory=lambda: WebSettings.model_validate({}))
    sip: SipSettings = Field(default_factory=lambda: SipSettings.model_validate({}))
    edge: EdgeSettings = Field(default_factory=lambda: EdgeSettings.model_validate({}))
    telephony: TelephonySettings = Field(
        default_factory=lambda: TelephonySettings.model_validate({})
    )
    pool: PoolSettings = Field(default_factory=lambda: PoolSettings.model_validate({}))
    dialogue: DialogueSettings = Field(default_factory=lambda: DialogueSettings.model_validate({}))
    flows: FlowRules = Field(default_factory=lambda: FlowRules.model_validate({}))
    prompts: PromptSettings = Field(default_factory=lambda: PromptSettings.model_validate({}))
    speech: RecognitionSettings = Field(
        default_factory=lambda: RecognitionSettings.model_validate({})
    )
    console: ConsoleSettings = Field(default_factory=lambda: ConsoleSettings.model_validate({}))
    alerts: AlertSettings = Field(default_factory=lambda: AlertSettings.model_validate({}))
    reports: ReportSettings = Field(default_factory=lambda: ReportSettings.model_validate({}))
    call_recording: CallRecordingSettings = Field(
        default_factory=lambda: CallRecordingSettings.model_validate({})
    )
    self_test: SelfTestSettings = Field(default_factory=lambda: SelfTestSettings.model_validate({}))
    rocars: RocarsClientSettings = Field(
        default_factory=lambda: RocarsClientSettings.model_validate({})
    )
    embedded_rocars: EmbeddedRocarsSettings = Field(
        default_factory=lambda: EmbeddedRocarsSettings.model_validate({})
    )
    handset: HandsetSettings = Field(default_factory=lambda: HandsetSettings.model_validate({}))
    sms: SmsSettings = Field(default_factory=lambda: SmsSettings.model_validate({}))
    records: RecordsSettings = Field(default_factory=lambda: RecordsSettings.model_validate({}))

    @model_validator(mode="after")
    def _one_rocars(self) -> Settings:
        default = RocarsClientSettings.model_fields["base_url"].default
        if self.embedded_rocars.enabled and self.rocars.base_url != default:
            raise ValueError(
                "rocars.base_url is set while the embedded ROCARS is on; "
                "expected embedded_rocars.enabled = false beside it"
            )
        return self

    @model_validator(mode="after")
    def _somebody_writes_reports(self) -> Settings:
        if self.reports.to and not self.alerts.email_from:
            raise ValueError("reports are wanted; expected alerts.email_from, their sender")
        return self

    @property
    def records_url(self) -> str:
        """The URL of the database of records; a file in the data directory if none is
        configured."""
        return self.records.database_url or sqlite_url(self.node.data.resolve() / "records.sqlite3")

    @model_validator(mode="after")
    def _the_console_may_call(self) -> Settings:
        if self.handset.console_role is not None and not any(
            peer.admits(IPv4Address(self.handset.host)) for peer in self.sip.peers
        ):
            raise ValueError(
                "handset.console_role is set and 127.0.0.1 may not call; expected a peer in "
                "sip.peers with its address, without TLS and password"
            )
        return self

    @property
    def has_open_handset(self) -> bool:
        """Whether the telephone in the browser is open to this machine: in trials only."""
        trial = self.embedded_rocars.enabled and self.embedded_rocars.demo_data
        return trial and self.handset.enabled

    @property
    def has_handset(self) -> bool:
        """Whether there is a telephone in the browser, for a trial or in the console."""
        return self.has_open_handset or self.handset.console_role is not None

    @property
    def recorded_calls(self) -> Path:
        """The folder for recordings of this node's calls."""
        return self.call_recording.folder or self.node.data.resolve() / "recorded-calls"

    @property
    def published_prompts(self) -> Path:
        """The folder for live recordings that replace the shipped ones on this node."""
        return self.node.data.resolve() / "prompts"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` reads file and environment, and knows where each value came from.
        return (init_settings,)


def load(path: Path | None = None) -> Settings:
    """The settings this process runs with.

    Args:
        path: TOML file; otherwise the one ``ROCARS_IVR_CONFIG`` names; otherwise
            ``rocars-ivr.toml`` in the working directory, if it is there.

    Raises:
        SettingsError: its text lists every wrong setting and what was expected.
    """
    return load_with_origins(path)[0]


def load_with_origins(path: Path | None = None) -> tuple[Settings, Given]:
    """Like `load`, but also gives where each value came from."""
    return read(Settings, path or _file())


def _file() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
