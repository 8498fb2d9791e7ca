"""Where the telephone in the browser is, and how much it may call."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ivr.records.roles import Role

MOST_CALLS = 4
"""Lines of one line card."""


class HandsetSettings(BaseModel):
    """The telephone in the browser. In trials (`embedded_rocars` with `demo_data`) it is open to
    browsers of the same machine; elsewhere it is a page of the console, for a role."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(
        default=True,
        description="Offer a telephone in the browser, on loopback, while the embedded ROCARS has "
        "demonstration data.",
    )
    console_role: Role | None = Field(
        default=None,
        description="People of the console with this role, or one above it, have the telephone "
        "there, outside trials too; the audit log tells who called as whom. `viewer` and "
        "`listener` are not possible: what is said in a call is not masked. Not set: nobody has "
        "it.",
    )
    port: int = Field(
        default=8482,
        ge=1,
        le=65535,
        description="TCP port of its process, on 127.0.0.1: of its page in trials; the console "
        "speaks with it there.",
    )
    calls: int = Field(
        default=2, ge=1, le=MOST_CALLS, description="Calls it places at the same time, at most."
    )
    longest_call_s: float = Field(
        default=600.0, ge=10, le=3600, description="Longest call from it, in seconds."
    )

    @field_validator("console_role")
    @classmethod
    def _who_sees_calls_in_clear(cls, role: Role | None) -> Role | None:
        if role is not None and not role.may(Role.OPERATOR):
            raise ValueError("expected operator, reviewer or administrator")
        return role

    @property
    def host(self) -> str:
        """No setting: it shows PINs and codes, and asks nobody who they are."""
        return "127.0.0.1"
