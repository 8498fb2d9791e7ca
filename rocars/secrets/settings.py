"""Keys, security tokens, and the cost of a PIN hash."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from rocars.section import Section


class KeySettings(Section):
    """Secrets. In embedded mode what is empty is made at first start and kept in files (0600).

    An API key may be several, separated by commas, to change it: all of them count, the new one is
    written first. Keys of companies are issued by the service itself (`rocars.systems.keys`).
    """

    token_seeds: SecretStr = Field(
        default=SecretStr(""),
        description="Fernet key the token seeds are encrypted with; several, separated by commas, "
        "to change keys: the first encrypts, all decrypt.",
    )
    ivr: SecretStr = Field(default=SecretStr(""), description="API key of the telephone channel.")
    shipper: SecretStr = Field(default=SecretStr(""), description="API key of shippers' systems.")
    admin: SecretStr = Field(default=SecretStr(""), description="API key of administration.")
    demo: SecretStr = Field(
        default=SecretStr(""),
        description="API key of the demonstration, which shows made-up secrets; used with "
        "demo.enabled only.",
    )
    push_signing: SecretStr = Field(
        default=SecretStr(""),
        description="Ed25519 key that pushed results are signed with, its 32 bytes in base64; "
        "several, separated by commas, to change keys: the first signs, all are published. Without "
        "one in a service that is not embedded nothing is pushed.",
    )
    camera: SecretStr = Field(
        default=SecretStr(""),
        description="API key of cameras (AVRS). Without one in a service that is not embedded no "
        "reading is taken.",
    )
    display: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the boards and panels at the boundary, typed once on each; likewise.",
    )


class TokenSettings(Section):
    """Security tokens (facts A6; RFC 4226, RFC 6238)."""

    digits: int = Field(
        default=6, ge=6, le=8, description="Digits of a code (RFC 4226 R4: at least 6)."
    )
    hotp_look_ahead: int = Field(
        default=5,
        ge=0,
        le=50,
        description="HOTP codes past the expected one that are tried (our choice).",
    )
    hotp_resync_window: int = Field(
        default=100,
        ge=0,
        le=1000,
        description="HOTP codes past the expected one within which two codes in a row bring a "
        "token back (RFC 4226 section 7.4).",
    )
    totp_step_s: Literal[30, 60] = Field(
        default=30, description="Default time step of new TOTP tokens, seconds."
    )
    totp_max_drift_steps: int = Field(
        default=20,
        ge=0,
        le=1000,
        description="Largest remembered drift of a token's clock, steps; within it two codes in a "
        "row bring a token back.",
    )


class PinHashSettings(Section):
    """What one PIN hash costs (argon2id, RFC 9106)."""

    argon2_memory_kib: int = Field(default=19_456, ge=8, description="Memory of one PIN hash, KiB.")
    argon2_time_cost: int = Field(default=2, ge=1, description="Passes of one PIN hash.")
    argon2_threads: int = Field(
        default=2, ge=1, le=32, description="PIN hashes computed at a time."
    )
