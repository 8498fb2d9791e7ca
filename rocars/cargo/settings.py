"""Forms of CCRNs, and the dates of cargo."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from rocars.section import Pattern, Section


class CcrnSettings(Section):
    """The customs cargo reference number (facts A1, A2)."""

    pattern: Pattern = Field(
        default=r"[0-9]{8,20}", description="Form of a CCRN, a regular expression (our assumption)."
    )
    length: int = Field(
        default=13, ge=8, le=20, description="Digits of the CCRNs we give out (our assumption)."
    )
    check_digit: Literal["none", "luhn", "iso7064-mod11-10"] = Field(
        default="none",
        description="Check digit at the end of a CCRN (our assumption: none is known).",
    )

    @model_validator(mode="after")
    def _own_numbers_fit(self) -> Self:
        if not re.fullmatch(self.pattern, "1" * self.length):
            raise ValueError(
                f"ccrn.pattern was expected to admit digits of ccrn.length ({self.length})"
            )
        return self


class CargoRules(Section):
    """Rules of lodging and expiry (facts A3, A9)."""

    max_days_ahead: int = Field(
        default=14,
        ge=0,
        le=365,
        description="Cargo is lodged at most so many calendar days before its expected date "
        "(Cap. 60L: 14; calendar days in Hong Kong time are our assumption).",
    )
    expire_days: int = Field(
        default=1,
        ge=0,
        le=365,
        description="Cargo, and a bundle of it, lapses when more than so many days have passed "
        "since the expected date (our assumption).",
    )
    max_kept_forms: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Drafts and templates of one company (our assumption).",
    )
    draft_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="A draft nobody touched for so many days is deleted; templates stay (our "
        "assumption).",
    )


class BatchSettings(Section):
    """Files of many consignments (the briefing names batch upload; the limits are ours)."""

    max_consignments: int = Field(
        default=5000, ge=1, le=100_000, description="Consignments in one file (our assumption)."
    )
    max_bytes: int = Field(
        default=20_000_000,
        ge=1024,
        le=1_000_000_000,
        description="Largest file, bytes (our assumption: 20 MB).",
    )
    max_errors: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Errors of one file that are kept; how many there were more is told.",
    )
    at_once: int = Field(
        default=2, ge=1, le=32, description="Files read at a time; others wait their turn."
    )
    answer_within_s: float = Field(
        default=2.0,
        ge=0,
        le=60,
        description="The portal shows what came of a file at once if it is read within so many "
        "seconds, and otherwise how far it is.",
    )
