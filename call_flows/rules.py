"""What the flows take for granted about ROCARS and about Hong Kong. All of it is configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from speech.languages.language import Language

Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,15}$")]
CallerNumber = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")]


class FlowRules(BaseModel):
    """Lengths, limits and orders. No public document states them; the defaults are ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id_digits: int = Field(
        8, ge=4, le=20, description="Digits of a user ID. Our assumption (A4)."
    )
    pin_digits: int = Field(
        6,
        ge=0,
        le=12,
        description="Digits of the telephone PIN; 0 for none. Our assumption (A5).",
    )
    code_digits: int = Field(
        6, ge=6, le=10, description="Digits of a one-time code; RFC 4226 wants 6 or more."
    )
    ccrn_min_digits: int = Field(8, ge=1, le=40, description="Shortest CCRN. Our assumption (A1).")
    ccrn_max_digits: int = Field(20, ge=1, le=40, description="Longest CCRN. Our assumption (A1).")
    ubr_min_digits: int = Field(6, ge=1, le=40, description="Shortest UBR. Our assumption (A3).")
    ubr_max_digits: int = Field(20, ge=1, le=40, description="Longest UBR. Our assumption (A3).")
    max_ccrns: int = Field(
        20, ge=1, le=99, description="Most CCRNs in one bundle. Our assumption (A9)."
    )
    login_tries: int = Field(
        3, ge=1, le=10, description="Log-ins that may fail in one call. Our assumption (A7)."
    )
    languages: tuple[Language, ...] = Field(
        tuple(Language),
        min_length=1,
        max_length=9,
        description="Languages in the order offered: the first on key 1. Our assumption (A8).",
    )
    unbundle_enabled: bool = Field(
        True, description="Whether drivers may undo their own bundles. Our assumption (A13)."
    )
    tell_unheard_hours: int = Field(
        24,
        ge=0,
        le=168,
        description="How long a driver whose call was cut off is told, in their next call, how "
        "their request ended; 0 for never.",
    )
    recognise_callers: bool = Field(
        True,
        description="A known calling number skips the user ID and speaks the language last used. "
        "It never replaces PIN or code.",
    )
    practice_numbers: tuple[Digits, ...] = Field(
        ("3903",),
        description="Dialled numbers of the practice line, on which nothing is bundled.",
    )
    recording_numbers: tuple[Digits, ...] = Field(
        ("3904",),
        description="Dialled numbers on which operators record prompts, for those named by "
        "`recording_peers` or `recording_callers`; to everybody else they are numbers like others.",
    )
    recording_peers: tuple[str, ...] = Field(
        (),
        description="Names of `sip.peers` whose calls are admitted to the recording line. With "
        "this and `recording_callers` empty there is none.",
    )
    recording_callers: tuple[CallerNumber, ...] = Field(
        (),
        description="Numbers of callers admitted to the recording line, as +85291234567. A number "
        "is what the network says it is: name peers where you can.",
    )
    recording_longest_s: float = Field(
        60.0, ge=5, le=300, description="Longest recording by telephone, s."
    )
    hotline_number: Digits = Field(
        "36690000",
        description="The enquiry hotline as spoken; 3669 0000 is the historical one (A23).",
    )

    hotline_transfer_uri: str = Field(
        "",
        pattern=r"^$|^(sips?:[^\s<>@]+@[^\s<>@]+|tel:\+?[0-9]{3,15})$",
        description="Where callers who want a person are transferred to (REFER), a SIP or tel URI "
        "the trunk can reach. Empty: they are told hotline_number.",
    )
    hotline_transfer_s: float = Field(
        30.0, gt=1, le=120, description="How long the hotline may take to answer a transfer, s."
    )
    hotline_hours: Path | None = Field(
        None,
        description="iCalendar file (RFC 5545) whose events are the times at which people answer "
        "at the hotline. At others callers are not transferred: they are told when it opens, and "
        "the number. Empty: day and night. Our assumption (A23).",
    )
    hotline_holidays: tuple[Path, ...] = Field(
        (),
        description="iCalendar files whose events are times at which nobody answers in spite of "
        "`hotline_hours`: public holidays, as 1823.gov.hk publishes them.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> FlowRules:
        if self.ccrn_min_digits > self.ccrn_max_digits:
            raise ValueError(
                "ccrn_min_digits must not be above ccrn_max_digits: "
                f"{self.ccrn_min_digits} is above {self.ccrn_max_digits}"
            )
        if self.ubr_min_digits > self.ubr_max_digits:
            raise ValueError(
                "ubr_min_digits must not be above ubr_max_digits: "
                f"{self.ubr_min_digits} is above {self.ubr_max_digits}"
            )
        if len(set(self.languages)) != len(self.languages):
            raise ValueError("languages must not name a language twice")
        return self
