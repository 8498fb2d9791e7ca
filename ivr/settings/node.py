"""Sections that belong to no room: this machine, and the reference ROCARS beside the channel."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ivr.observe.log_format import LogFormat


class NodeSettings(BaseModel):
    """This machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?$",
        validate_default=True,
        description="Name of this node in records, logs and metrics; a second service with it in "
        "the same records does not start. Empty: the host name.",
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
        description="`json`: one object a line; `console`: for people, one line an event, and "
        "what the SIP library says only where `log_level` is DEBUG; `auto`: for people on a "
        "terminal, JSON in a file or pipe.",
    )

    @field_validator("name")
    @classmethod
    def _host_name(cls, name: str) -> str:
        return name or platform.node() or "node"


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
    portal_port: int = Field(
        default=8481,
        ge=0,
        le=65535,
        description="TCP port of its web portal for shippers and drivers; 0: any free one.",
    )
    demo_data: bool = Field(
        default=True, description="Fill an empty embedded ROCARS with demonstration drivers."
    )
