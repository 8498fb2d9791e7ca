"""Whether calls are recorded, with which key, and for how long recordings are kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class CallRecordingSettings(BaseModel):
    """Recordings of calls. If the law of the place says no, they stay off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(
        False,
        description="Record calls. Each caller is told so before anything else; PINs and one-time "
        "codes are left out. Only where the law of the place permits it.",
    )
    keys: tuple[SecretStr, ...] = Field(
        (),
        description="Keys that seal recordings: the first seals new ones, all of them open old "
        "ones; the same on every node. Each is 32 bytes as URL-safe base64, as `openssl rand "
        "-base64 32 | tr +/ -_` prints. Without one no call is recorded.",
    )
    folder: Path | None = Field(
        None, description="Where they lie. Empty: `recorded-calls` in `node.data`."
    )
    keep_days: int = Field(
        30, ge=1, le=3660, description="They are deleted after so many days. Our assumption."
    )
    leave_free_mb: int = Field(
        500,
        ge=0,
        le=1_000_000,
        description="With less room than this on their disk nothing is recorded, megabytes.",
    )

    @field_validator("keys")
    @classmethod
    def _keys_that_are_some(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if keys:
            from cryptography.fernet import Fernet  # ciphers take a while to load

            for key in keys:
                Fernet(key.get_secret_value())
        return keys
