"""Forms of what is registered: user IDs, PINs, registration marks."""

from __future__ import annotations

from pydantic import Field

from rocars.section import Pattern, Section


class DriverForms(Section):
    """Forms of what a driver logs in with (fact A4)."""

    user_id_pattern: Pattern = Field(
        default=r"[0-9]{8}", description="Form of a user ID, a regular expression (our assumption)."
    )
    pin_pattern: Pattern = Field(
        default=r"[0-9]{6}",
        description="Form of a telephone PIN, a regular expression (our assumption).",
    )


class VehicleSettings(Section):
    """Registration marks (facts A16)."""

    z_four_digits_is_mainland: bool = Field(
        default=True,
        description="Read Z and four digits as a Mainland plate 粤Z whose Chinese characters were "
        "left out, and refuse it (our assumption).",
    )
    max_matches: int = Field(
        default=4,
        ge=1,
        le=9,
        description="More marks than this for one keyed spelling is no answer.",
    )


class AccountForms(Section):
    """Accounts of the web portal."""

    account_pattern: Pattern = Field(
        default=r"[A-Za-z0-9]{4,32}",
        description="Form of a user ID of the portal, a regular expression (our assumption).",
    )
