"""How line cards are bound to the network, and the limits of a call."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

LAST_PORT = 65535


class Codec(StrEnum):
    """G.711 at 8 kHz, under the names of RFC 3551."""

    PCMA = "PCMA"
    PCMU = "PCMU"


class SessionTimer(StrEnum):
    """Use of RFC 4028 session timers."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"
    ALWAYS = "always"


class TelephonySettings(BaseModel):
    """The call engine of a worker: its line cards.

    A worker belongs on loopback behind the SIP front; only its RTP faces the network.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sip_host: IPv4Address = Field(
        IPv4Address("127.0.0.1"), description="Address a worker takes SIP on; loopback."
    )
    sip_port: int = Field(
        0,
        ge=0,
        le=LAST_PORT,
        description="UDP port of the first line card's SIP, the next card has the next port; "
        "0: each takes any free one.",
    )
    media_address: IPv4Address = Field(
        IPv4Address("127.0.0.1"), description="Address RTP is received on."
    )
    media_advertised_address: IPv4Address | None = Field(
        None, description="Address named in SDP, where it differs from media_address (behind NAT)."
    )
    rtp_port_first: int = Field(
        16384,
        ge=0,
        le=LAST_PORT,
        description="First UDP port of the first line card's RTP, an even number; 0: any free "
        "ports.",
    )
    rtp_ports_per_card: int = Field(
        64,
        ge=16,
        le=8192,
        description="UDP ports of each line card's RTP and RTCP, an even number. Two a call, and "
        "more so that a port rests before a new caller gets it.",
    )
    codecs: tuple[Codec, ...] = Field(
        (Codec.PCMA, Codec.PCMU),
        min_length=1,
        description="Codecs in our offers, best first. An offer made to us is answered in the "
        "offerer's order (RFC 3264, 6.1).",
    )
    conceal_loss: bool = Field(
        True,
        description="Fill in for packets of sound that did not come (G.711, appendix I). Whoever "
        "tests a line does without: what was not sent is silence there.",
    )
    allowed_peers: tuple[IPv4Network, ...] = Field(
        (IPv4Network("127.0.0.1/32"),),
        description="Addresses or networks calls are taken from: the SIP front. Others get 403.",
    )
    kept_headers: tuple[str, ...] = Field(
        ("X-Rocars-Source", "X-Rocars-Drafts", "P-Asserted-Identity", "Diversion", "X-CID"),
        description="Headers of an INVITE that are handed on with the call.",
    )
    srtp: bool = Field(
        False,
        description="Answer offers of SRTP (SDES, RFC 4568); set with sip.tls. Offers of plain RTP "
        "are answered either way; the front says who may make them.",
    )
    no_rtp_timeout_s: float = Field(
        10.0,
        ge=0,
        le=600,
        description="Ask the other side whether it is there (OPTIONS within the call) when neither "
        "RTP nor RTCP came for so many seconds and the call is not on hold; hang up when it does "
        "not answer within transaction_timeout_s, or knows of no such call. 0: never.",
    )
    longest_ringing_s: float = Field(
        60.0, gt=0, le=600, description="A call nobody answered by then is refused with 480."
    )
    longest_call_s: float = Field(
        900.0,
        ge=0,
        le=86400,
        description="Longest call in seconds, of a caller who is not getting on "
        "(dialogue.getting_on_s); it ends at a pause. 0: no limit.",
    )
    max_calls: int = Field(
        32,
        ge=1,
        le=512,
        description="Calls a line card asks the library for; it grants fewer (4 with the published "
        "wheel).",
    )
    retry_after_s: int = Field(
        10, ge=1, le=3600, description="Retry-After of our 503, in seconds (RFC 3261, 20.33)."
    )
    transaction_timeout_s: float = Field(
        8.0,
        ge=1,
        le=32,
        description="How long an answer, or the ACK of ours, is waited for. A line whose BYE stays "
        "unanswered is busy until then. RFC 3261 says 32 (64*T1) for a network; our neighbour is "
        "the SIP front on the same machine, which repeats towards the network by itself.",
    )
    session_timer: SessionTimer = Field(
        SessionTimer.OPTIONAL, description="Session timers, RFC 4028."
    )
    session_expires_s: int = Field(
        1800, ge=90, le=86400, description="Session-Expires we propose, in seconds."
    )
    session_min_expires_s: int = Field(
        90, ge=90, le=86400, description="Min-SE: shortest Session-Expires accepted, in seconds."
    )
    real_time: bool = Field(
        True,
        description="Schedule the thread that moves the sound in real time (SCHED_RR at the lowest "
        "priority) where the system permits it (root, CAP_SYS_NICE or a limit RLIMIT_RTPRIO); the "
        "log says what was got. A thread that needs most of a processor steps back by itself.",
    )
    user_agent: str = Field(
        "ROCARS-IVR",
        pattern=r"^[\x21-\x7e][\x20-\x7e]{0,62}$",
        description="User-Agent header of our messages.",
    )
    library_log_level: int = Field(
        2,
        ge=0,
        le=3,
        description="What the SIP library logs: 1 errors, 2 warnings, 3 information. No more, "
        "because from 4 on it logs key presses.",
    )

    @field_validator("codecs")
    @classmethod
    def _each_codec_once(cls, codecs: tuple[Codec, ...]) -> tuple[Codec, ...]:
        if len(set(codecs)) != len(codecs):
            raise ValueError("expected each codec once")
        return codecs

    @field_validator("rtp_port_first", "rtp_ports_per_card")
    @classmethod
    def _even(cls, number: int) -> int:
        if number % 2:
            raise ValueError("expected an even number: RTP takes the even port, RTCP the next")
        return number

    @model_validator(mode="after")
    def _timers_agree(self) -> Self:
        if self.session_expires_s < self.session_min_expires_s:
            raise ValueError("expected session_expires_s not below session_min_expires_s")
        if self.rtp_port_first and self.rtp_port_first + self.rtp_ports_per_card - 1 > LAST_PORT:
            raise ValueError("expected rtp_port_first + rtp_ports_per_card to stay below 65536")
        return self

    @property
    def advertised_media_address(self) -> IPv4Address:
        """The address callers are told to send RTP to."""
        return self.media_advertised_address or self.media_address

    def for_card(self, number: int) -> TelephonySettings:
        """These settings with the SIP port and the RTP range of a line card, counted from 0.

        Raises:
            ValueError: the ports of so many cards do not fit below 65536.
        """
        sip = self.sip_port + number if self.sip_port else 0
        rtp = self.rtp_port_first + number * self.rtp_ports_per_card if self.rtp_port_first else 0
        if sip > LAST_PORT or (rtp and rtp + self.rtp_ports_per_card - 1 > LAST_PORT):
            raise ValueError(
                f"expected ports of line card {number} below 65536: lower sip_port, rtp_port_first "
                "or rtp_ports_per_card"
            )
        return self.model_copy(update={"sip_port": sip, "rtp_port_first": rtp})
