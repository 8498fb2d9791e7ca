"""What is read from an INVITE, which are refused, and the settings of a worker."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ivr.telephony.identity import Identity
from ivr.telephony.invite import Invite, read_invite
from ivr.telephony.refusal import Refusal, Refusals
from ivr.telephony.settings import TelephonySettings

pytestmark = pytest.mark.unit

INVITE = """INVITE sip:31234567;npdi@10.0.0.1:5062;transport=udp SIP/2.0
Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1
f: "Chan \\"Tai\\" Man" <sip:+85291234567:secret@hk.example;user=phone>;tag=1
To: <sip:31234567@hk.example>
i: abc@hk.example
X-Rocars-Source:
 203.0.113.9
P-Asserted-Identity: <tel:+85298765432;phone-context=x>
Subject: whatever
Content-Type: application/sdp

v=0
m=audio 4000 RTP/AVP 18 8 0 96 101
a=rtpmap:96 opus/48000/2
a=rtpmap:101 telephone-event/8000
m=video 4002 RTP/AVP 97
a=rtpmap:97 H264/90000
""".replace("\n", "\r\n")


def test_an_invite_is_read() -> None:
    assert read_invite(INVITE, "127.0.0.1:5060", ("x-rocars-source", "X-None")) == Invite(
        call_id="abc@hk.example",
        called="31234567",
        calling="+85298765432",
        identities=(
            Identity("+85298765432;phone-context=x"),
            Identity("+85291234567", "hk.example", 'Chan "Tai" Man'),
        ),
        from_uri="sip:+85291234567:secret@hk.example;user=phone",
        display_name='Chan "Tai" Man',
        source="127.0.0.1:5060",
        codecs=("G729", "PCMA", "PCMU", "opus"),
        telephone_event=True,
        headers={"x-rocars-source": "203.0.113.9"},
    )


def test_the_from_header_names_the_caller_where_nobody_vouches_for_another() -> None:
    plain = INVITE.replace("P-Asserted-Identity", "X-Other")
    assert read_invite(plain, "127.0.0.1:5060", ()).calling == "+85291234567"


@pytest.mark.parametrize(
    ("header", "calling", "name"),
    [
        ("sip:123@h;tag=1", "123", ""),
        ("Anonymous <sip:anonymous@anonymous.invalid>", "anonymous", "Anonymous"),
        ("<sip:host.only>;tag=2", "", ""),
        ("", "", ""),
    ],
)
def test_other_callers(header: str, calling: str, name: str) -> None:
    invite = read_invite(f"INVITE sip:h SIP/2.0\r\nFrom: {header}\r\n\r\n", "1.2.3.4:5", ())
    assert (invite.calling, invite.display_name, invite.called) == (calling, name, "")
    assert (invite.codecs, invite.telephone_event) == ((), False)


@given(st.text(alphabet=st.sampled_from('INVITE sip:@;<>"\\\r\n =/m0audio8-,\udc80')))
@example("INVITE sip:1@h SIP/2.0\r\nFrom: " + " " * 3900 + "x")
@example('INVITE\r\nFrom: "' + "\\" * 3900)
@settings(max_examples=200)
def test_no_text_stops_the_reader(text: str) -> None:
    read_invite(text, text, ("From",))
    read_invite("INVITE sip:1@h SIP/2.0\r\nFrom: x\r\n\r\nm=audio " + text, "", ())


def test_only_allowed_peers_get_in_and_nobody_during_a_drain() -> None:
    refusals = Refusals((IPv4Network("127.0.0.1/32"), IPv4Network("10.1.0.0/16")), 12)
    for source in ("127.0.0.1:5060", "10.1.2.3:5060"):
        assert refusals.check(Invite(source=source)) is None
    for source in ("127.0.0.2:5060", "10.2.0.1:5060", "", "[::1]:5060", "nonsense"):
        assert refusals.check(Invite(source=source)) == Refusal(403, "refused_stranger")
    refusals.draining = True
    refusal = refusals.check(Invite(source="127.0.0.1:5060"))
    assert refusal == Refusal(503, "refused_draining", {"Retry-After": "12"})


def test_each_line_card_has_ports_of_its_own() -> None:
    first = TelephonySettings(sip_port=5070, rtp_port_first=20000, rtp_ports_per_card=32)
    third = first.for_card(2)
    assert (third.sip_port, third.rtp_port_first) == (5072, 20064)
    free = TelephonySettings(rtp_port_first=0).for_card(7)
    assert (free.sip_port, free.rtp_port_first) == (0, 0)
    with pytest.raises(ValueError, match="line card 1500"):
        first.for_card(1500)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"rtp_port_first": 16385}, "even number"),
        ({"rtp_port_first": 65500}, "below 65536"),
        ({"codecs": ["PCMA", "PCMA"]}, "each codec once"),
        ({"codecs": ["G729"]}, "PCMA"),
        ({"session_expires_s": 100, "session_min_expires_s": 200}, "session_expires_s"),
        ({"sip_host": "localhost"}, "IPv4"),
        ({"library_log_level": 4}, "less than or equal to 3"),
        ({"user_agent": "a\r\nb"}, "user_agent"),
        ({"no_such": 1}, "no_such"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        TelephonySettings.model_validate(wrong)
