"""What callers' networks do to a call, played by SIPp. Afterwards every line is free again."""

from __future__ import annotations

import pytest
from telephony.phone_process import PhoneProcess, StartPhone, sipp

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize(
    ("scenario", "number", "who", "cause", "status", "answered"),
    [
        ("bye_during_prompt", "1000", "caller", "hung_up", 200, True),
        ("bye_before_ack", "1000", "caller", "hung_up", 200, True),
        ("cancel_while_ringing", "2000", "caller", "cancelled", 487, False),
        ("hold_and_resume", "1000", "caller", "hung_up", 200, True),
        ("delayed_offer", "1000", "caller", "hung_up", 200, True),
        ("refer_is_declined", "1000", "caller", "hung_up", 200, True),
        ("only_pcma", "1000", "caller", "hung_up", 200, True),
        ("only_pcmu", "1000", "caller", "hung_up", 200, True),
        ("no_line", "3000", "us", "rejected", 503, False),
        ("no_such_behaviour", "6000", "us", "rejected", 500, False),
    ],
)
async def test_the_call_ends_as_it_should(
    ivr: PhoneProcess,
    scenario: str,
    number: str,
    who: str,
    cause: str,
    status: int,
    answered: bool,
) -> None:
    before = await ivr.tally()

    result, output = await sipp(scenario, ivr.address, number=number)

    assert result == 0, output
    incoming = await ivr.event("incoming")
    ending = await ivr.event("ended", call=incoming["call"])
    assert (ending["who"], ending["cause"], ending["status"]) == (who, cause, status)
    assert ending["answered"] is answered
    if scenario.startswith("only_"):
        assert ending["media"]["codec"] == scenario.removeprefix("only_").upper()
    await ivr.free()
    assert await ivr.tally() - before == {"taken": 1}


async def test_no_common_codec_is_refused_without_asking_anybody(ivr: PhoneProcess) -> None:
    before = await ivr.tally()

    result, output = await sipp("no_common_codec", ivr.address)

    assert result == 0, output
    await ivr.free()
    assert await ivr.tally() - before == {"refused_media": 1}


async def test_hold_is_no_missing_rtp(start_phone: StartPhone) -> None:
    ivr = await start_phone(no_rtp_timeout_s=0.8)  # shorter than the hold

    result, output = await sipp("hold_and_resume", ivr.address)

    assert result == 0, output
    assert (await ivr.event("ended"))["cause"] == "hung_up"
    await ivr.free()


async def test_strangers_are_turned_away(ivr: PhoneProcess) -> None:
    before = await ivr.tally()

    result, output = await sipp("stranger", ivr.address, host="127.0.0.2")

    assert result == 0, output
    await ivr.free()
    assert await ivr.tally() - before == {"refused_stranger": 1}


async def test_a_draining_worker_refuses_new_calls_and_keeps_the_old(
    caller: PhoneProcess, ivr: PhoneProcess
) -> None:
    before = await ivr.tally()
    await caller.order("dial", name="old", uri=ivr.uri("1000"))
    await caller.order("answered", name="old")
    await ivr.order("drain", draining=True)

    result, output = await sipp("draining", ivr.address)

    assert result == 0, output
    await caller.order("press", name="old", keys="5")
    assert (await ivr.event("key"))["key"] == "5"
    await caller.order("hang_up", name="old")
    await ivr.free()
    assert await ivr.tally() - before == {"taken": 1, "refused_draining": 1}
    await ivr.order("drain", draining=False)
