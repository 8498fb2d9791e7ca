"""The settings of the whole service: a TOML file, the environment, and defaults that work.

Each room defines its own section; they come together here. The environment wins over the file:
``ROCARS_IVR_SIP__PORT`` is ``port`` in the section ``[sip]``.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from backend_client.settings import RocarsClientSettings
from call_flows.rules import FlowRules
from ivr.console.settings import ConsoleSettings, SelfTestSettings
from ivr.dialogue.settings import DialogueSettings
from ivr.messages.settings import SmsSettings
from ivr.observe.logs import LogFormat
from ivr.pool.settings import PoolSettings
from ivr.records.database import sqlite_url
from ivr.records.settings import RecordsSettings
from ivr.settings_sources import DELIMITER, PREFIX, Given, SettingsError, read
from ivr.telephony.settings import TelephonySettings
from prompts.settings import PromptSettings
from sip_config.edge import EdgeSettings
from sip_config.settings import SipSettings
from speech.recognition.settings import RecognitionSettings

__all__ = ["Settings", "SettingsError", "load", "load_with_origins"]

CONFIG_VARIABLE = PREFIX + "CONFIG"
DEFAULT_FILE = Path("rocars-ivr.toml")


class NodeSettings(BaseModel):
    """This machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?$",
        validate_default=True,
        description="Name of this node in records, logs and metrics; different on each machine. "
        "Empty: the host name.",
    )
    data: Path = Field(
        default=Path("var"),
        description="Directory of what the service writes: records, caches, saved calls.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least important line that is logged."
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO,
        description="`json`: one object a line; `console`: readable; `auto`: readable on a "
        "terminal, otherwise JSON.",
    )

    @field_validator("name")
    @classmethod
    def _host_name(cls, name: str) -> str:
        return name or platform.node() or "node"


class WebSettings(BaseModel):
    """The console, health and metrics over HTTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(
        default="127.0.0.1", description="Address the console listens on, with health and metrics."
    )
    port: int = Field(
        default=8080, ge=0, le=65535, description="TCP port of the console; 0: any free one."
    )


class EmbeddedRocarsSettings(BaseModel):
    """The reference ROCARS, run beside the telephone channel for trials and demonstrations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(
        default=True, description="Run the reference ROCARS in this service, on loopback."
    )
    host: str = Field(default="127.0.0.1", description="Address the embedded ROCARS listens on.")
    port: int = Field(
        default=8480,
        ge=0,
        le=65535,
        description="TCP port of the embedded ROCARS; 0: any free one.",
    )
    demo_data: bool = Field(
        default=True, description="Fill an empty embedded ROCARS with demonstration drivers."
    )


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
        self_test: calls the service places to itself.
        rocars: where ROCARS is and how long it is waited for.
        embedded_rocars: the reference ROCARS.
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
    self_test: SelfTestSettings = Field(default_factory=lambda: SelfTestSettings.model_validate({}))
    rocars: RocarsClientSettings = Field(
        default_factory=lambda: RocarsClientSettings.model_validate({})
    )
    embedded_rocars: EmbeddedRocarsSettings = Field(
        default_factory=lambda: EmbeddedRocarsSettings.model_validate({})
    )
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

    @property
    def records_url(self) -> str:
        """The database of the records; in the data directory where none is named."""
        return self.records.database_url or sqlite_url(self.node.data.resolve() / "records.sqlite3")

    @property
    def published_prompts(self) -> Path:
        """Where this node keeps the recordings that are live in place of the shipped ones."""
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
        # File and environment are read by `load`, which knows where each value came from.
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
    """Like `load`, and where each value came from."""
    return read(Settings, path or _file())


def _file() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
