"""What is registered, and where: user IDs, PINs, registration marks, counters, packs, tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

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


class Counter(Section):
    """A registration counter, where secure packs are handed over in person."""

    code: str = Field(
        pattern=r"^[A-Z0-9]{2,16}$", description="Short name, such as GPO; kept with applications."
    )
    name: str = Field(max_length=80, description="Name in English.")
    chinese: str = Field(max_length=40, description="Name in Traditional Chinese.")
    simplified: str = Field(max_length=40, description="Name in Simplified Chinese.")

    def named(self, language: str) -> str:
        """Its name on a page of this language (BCP 47)."""
        return {"zh-Hant": self.chinese, "zh-Hans": self.simplified}.get(language, self.name)


COUNTERS = (
    Counter(code="GPO", name="General Post Office", chinese="郵政總局", simplified="邮政总局"),
    Counter(
        code="SHW", name="Sheung Wan Post Office", chinese="上環郵政局", simplified="上环邮政局"
    ),
    Counter(
        code="WYN",
        name="Wyndham Street Post Office",
        chinese="雲咸街郵政局",
        simplified="雲咸街邮政局",
    ),
    Counter(
        code="KLC",
        name="Kowloon Central Post Office",
        chinese="九龍中央郵政局",
        simplified="九龙中央邮政局",
    ),
    Counter(
        code="GRR",
        name="Granville Road Post Office",
        chinese="加連威老道郵政局",
        simplified="加连威老道邮政局",
    ),
    Counter(
        code="TST",
        name="Tsim Sha Tsui Post Office",
        chinese="尖沙咀郵政局",
        simplified="尖沙咀邮政局",
    ),
    Counter(
        code="CSW",
        name="Cheung Sha Wan Post Office",
        chinese="長沙灣郵政局",
        simplified="长沙湾邮政局",
    ),
    Counter(code="MKK", name="Mong Kok Post Office", chinese="旺角郵政局", simplified="旺角邮政局"),
    Counter(
        code="KLB",
        name="Kowloon Bay Post Office",
        chinese="九龍灣郵政局",
        simplified="九龙湾邮政局",
    ),
    Counter(
        code="KWT", name="Kwun Tong Post Office", chinese="觀塘郵政局", simplified="观塘邮政局"
    ),
    Counter(
        code="SPK",
        name="San Po Kong Post Office",
        chinese="新蒲崗郵政局",
        simplified="新蒲岗邮政局",
    ),
    Counter(
        code="STC",
        name="Sha Tin Central Post Office",
        chinese="沙田中央郵政局",
        simplified="沙田中央邮政局",
    ),
    Counter(code="FOT", name="Fotan Post Office", chinese="火炭郵政局", simplified="火炭邮政局"),
    Counter(
        code="TWN", name="Tsuen Wan Post Office", chinese="荃灣郵政局", simplified="荃湾邮政局"
    ),
    Counter(
        code="YUL", name="Yuen Long Post Office", chinese="元朗郵政局", simplified="元朗邮政局"
    ),
    Counter(
        code="TCH", name="Tung Chung Post Office", chinese="東涌郵政局", simplified="东涌邮政局"
    ),
)
"""The 16 post offices of the briefing of April 2010; the codes are ours."""


class RegistrationSettings(Section):
    """Applications, secure packs and security tokens."""

    counters: tuple[Counter, ...] = Field(
        default=COUNTERS,
        min_length=1,
        description="Registration counters (the 16 post offices of the briefing of 2010).",
    )
    number_pattern: Pattern = Field(
        default=r"[A-Za-z0-9/-]{3,32}",
        description="Form of the registration number of a company or organisation, a regular "
        "expression (our assumption).",
    )
    most_truckers: int = Field(
        default=20, ge=1, le=100, description="Truckers in one application (our assumption)."
    )
    most_clients: int = Field(
        default=20,
        ge=1,
        le=100,
        description="Clients that one application of an agent names (our assumption).",
    )
    four_eyes: bool = Field(
        default=True,
        description="Who approved an application or ordered a pack does not hand it over: another "
        "officer does (our assumption). false: a counter with one officer.",
    )
    collect_days: int = Field(
        default=60,
        ge=1,
        le=730,
        description="A secure pack that is not collected so long after it was ordered is void "
        "(our assumption).",
    )
    token_kind: Literal["hotp", "totp"] = Field(
        default="totp", description="Kind of tokens that are handed over as a QR code."
    )
    device_kind: Literal["hotp", "totp"] = Field(
        default="hotp", description="Kind of devices that are ordered of a token maker (fact A6)."
    )
    token_days: int = Field(
        default=1095,
        ge=1,
        le=7300,
        description="A token expires so long after it was handed over (that they expire is public, "
        "when is our assumption).",
    )
    notice_days: int = Field(
        default=30,
        ge=0,
        le=365,
        description="Drivers and registrars are told of a token that expires within so long.",
    )
    keep_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Applications that were refused or withdrawn are deleted after so long (our "
        "assumption).",
    )
    log_days: int = Field(
        default=2555, ge=1, le=7300, description="How long the log of registration is kept."
    )
    pack_font: Path | None = Field(
        default=None,
        description="TrueType file that is embedded in the sheets of packs. Without one the "
        "program that prints needs a Chinese font of its own.",
    )
    applications_per_minute: int = Field(
        default=10, ge=1, le=10_000, description="Applications sent from one address in a minute."
    )
    public_url: str = Field(
        default="",
        description="Address browsers know the registrars' pages by, when a proxy with TLS stands "
        "before them.",
    )

    @field_validator("counters")
    @classmethod
    def _codes_differ(cls, counters: tuple[Counter, ...]) -> tuple[Counter, ...]:
        if len({counter.code for counter in counters}) < len(counters):
            raise ValueError("expected a code of its own for each counter")
        return counters
