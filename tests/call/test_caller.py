"""Who calls, from every header that may say it, most trusted first; and who must not be known."""

from __future__ import annotations

import pytest

from ivr.call.caller import caller_of
from ivr.records.calling_number import NumberKind
from ivr.telephony.invite import Invite, read_invite

pytestmark = pytest.mark.unit

NUMBER = "+85291234567"
OTHER = "+85298765432"
KEPT = ("P-Asserted-Identity", "Remote-Party-ID", "From", "Contact", "X-CID")


def invite(*headers: str, who: str = "<sip:trunk-7@192.0.2.7>;tag=1") -> Invite:
    lines = ["INVITE sip:3902@192.0.2.1 SIP/2.0", f"From: {who}", "Call-ID: a", *headers, "", ""]
    return read_invite("\r\n".join(lines), "192.0.2.7:5060", KEPT)


@pytest.mark.parametrize(
    "headers",
    [
        (f'P-Asserted-Identity: "Trunk, 7" <sip:trunk-7@192.0.2.7>, <tel:{NUMBER}>',),
        ("P-Asserted-Identity: sip:pbx@192.0.2.7", f"P-Asserted-Identity: <tel:{NUMBER}>"),
        (f'P-Asserted-Identity: <tel:{NUMBER}>, "x\\"y, z" <sip:trunk-7@192.0.2.7;user=phone>',),
        ("P-Asserted-Identity: <tel:91234567;phone-context=+852>",),
        ("P-Asserted-Identity: <tel:+852-9123-4567>",),
        ("P-Asserted-Identity: <sip:91234567;phone-context=+852@192.0.2.7;user=phone>",),
        (f"P-Asserted-Identity: <sip:%2B{NUMBER[1:]}:secret@192.0.2.7>",),
        (f"P-ASSERTED-IDENTITY: <tel:{NUMBER}>", f"Remote-Party-ID: <sip:{OTHER}@192.0.2.7>"),
        (f"Remote-Party-ID: <sip:{NUMBER}@192.0.2.7>;party=calling;privacy=off;screen=yes",),
        (
            f"Remote-Party-ID: <sip:{OTHER}@192.0.2.7>;party=called",
            f'Remote-Party-ID: "Chan" <sip:{NUMBER}@192.0.2.7>;party=calling',
        ),
        ("P-Asserted-Identity: <sip:pbx@h>", f"Remote-Party-ID: <sip:{NUMBER}@192.0.2.7>"),
    ],
)
def test_the_number_is_found_whichever_value_has_it(headers: tuple[str, ...]) -> None:
    assert caller_of(invite(*headers), "HK").e164 == NUMBER


def test_from_is_believed_last() -> None:
    who = f"<sip:{NUMBER}@192.0.2.7>;tag=1"
    assert caller_of(invite(who=who), "HK").e164 == NUMBER
    assert caller_of(invite("P-Asserted-Identity: <sip:pbx@h>", who=who), "HK").e164 == NUMBER
    assert caller_of(invite(f"P-Asserted-Identity: <tel:{OTHER}>", who=who), "HK").e164 == OTHER
    assert caller_of(invite(who=f"<tel:{NUMBER}>;tag=1"), "HK").e164 == NUMBER


def test_no_number_at_all_is_said_as_it_is() -> None:
    assert caller_of(invite(), "HK").kind is NumberKind.UNPARSABLE
    assert caller_of(invite(who="<sip:192.0.2.7>;tag=1"), "HK").kind is NumberKind.ABSENT


@pytest.mark.parametrize(
    "privacy",
    [
        "Privacy: id",
        "Privacy: user",
        "Privacy: header",
        "privacy: session; ID ; critical",
        "Privacy: session\r\nPrivacy: user",
        'Privacy: "id"',
        f"Remote-Party-ID: <sip:{NUMBER}@192.0.2.7>;privacy=full",
        f'Remote-Party-ID: <sip:{NUMBER}@192.0.2.7>;party=calling; privacy="uri"',
    ],
)
def test_who_asks_for_privacy_is_nowhere_in_what_is_read(privacy: str) -> None:
    read = invite(
        f'P-Asserted-Identity: "Chan" <sip:{NUMBER}@192.0.2.7>',
        privacy,
        f"Contact: <sip:{NUMBER}@192.0.2.9>",
        "X-CID: 7",
        who=f'"Chan" <sip:{NUMBER}@192.0.2.7>;tag=1',
    )
    caller = caller_of(read, "HK")
    assert (caller.kind, caller.e164) == (NumberKind.WITHHELD, None)
    assert read.private
    assert NUMBER not in repr(read)
    assert "Chan" not in repr(read)
    assert read.headers["X-CID"] == "7"


@pytest.mark.parametrize("privacy", ["Privacy: none", "Privacy: session", "Privacy: history"])
def test_other_privacy_says_nothing_of_the_number(privacy: str) -> None:
    assert caller_of(invite(f"P-Asserted-Identity: <tel:{NUMBER}>", privacy), "HK").e164 == NUMBER


@pytest.mark.parametrize(
    "who",
    [
        "Anonymous <sip:c8o@pbx.example>;tag=1",
        f"<sip:{NUMBER}@anonymous.invalid>;tag=1",
        "<sip:Anonymous@carrier.example>;tag=1",
    ],
)
def test_who_calls_themselves_anonymous_is(who: str) -> None:
    read = invite(f"P-Asserted-Identity: <tel:{NUMBER}>", who=who)
    assert caller_of(read, "HK").kind is NumberKind.WITHHELD


def test_a_telephone_that_knows_no_number_of_its_own_hides_nothing() -> None:
    read = invite(f"P-Asserted-Identity: <tel:{NUMBER}>", who="<sip:unknown@pbx.example>;tag=1")
    assert caller_of(read, "HK").e164 == NUMBER
