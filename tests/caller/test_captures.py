"""Packet captures: the calls in them, one of them as a scenario, and why one cannot be read."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import dpkt
import pytest

from ivr.caller.capture.calls import calls_in
from ivr.caller.capture.datagrams import CannotBeRead, read_capture
from ivr.caller.capture.from_capture import chosen, history_from_capture
from ivr.caller.capture.keyed import Digits
from ivr.caller.hearing.repertoire import Repertoire
from ivr.caller.retold.history import CannotBeRetold
from ivr.caller.retold.waits import Waits
from ivr.caller.retold.writing import as_file
from ivr.caller.scenario.reading import read
from ivr.caller.scenario.scenario import Scenario
from ivr.caller.scenario.steps import Dial, Expect
from ivr.caller.wire.keys import KeyStyle
from prompts.composer import Composer
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, SlotValue
from speech.languages.language import Language
from tests.support.captured import (
    MadeUpCall,
    cooked_and_tagged,
    fragmented,
    over_tcp,
    tagged,
    write,
)
from tests.support.shipped import shipped_library

pytestmark = pytest.mark.service

LIBRARY = shipped_library()
REPERTOIRE = Repertoire.of_library(LIBRARY)
DIGITS = Digits(user_id=8, pin=6, code=6)
USER_ID, PIN, CODE, CCRN, VEHICLE, UBR = (
    *("61234567", "864209", "135790"),
    *("7015653580153", "WE8888", "5550001234"),
)

WAITS = Waits(terminator_grace_s=2.0, end_of_speech_s=2.0)


async def sound(name: str, language: Language = Language.ENGLISH, **slots: SlotValue) -> bytes:
    settings = PromptSettings.model_validate({})
    composer = Composer(LIBRARY, settings, StandIns(settings, Path("never")))
    return (await composer.compose([Phrase(language, name, slots)])).pcm


async def bundling(call: MadeUpCall, style: KeyStyle = KeyStyle.NORMAL) -> MadeUpCall:
    """A driver keys ahead where they can, and hears what they bundle."""
    call.dials()
    call.waits(0.3)
    for language in (Language.CANTONESE, Language.PUTONGHUA, Language.ENGLISH):
        call.hears(await sound("welcome.greeting", language))
        call.waits(0.3)
    call.hears(await sound("welcome.language", Language.CANTONESE, key="1"), ms=1200)
    call.presses("3", style)
    call.hears(await sound("login.user_id.say", length=8), ms=1500)
    call.presses(f"{USER_ID}#{PIN}{CODE}", style)
    call.waits(0.4)
    call.hears(await sound("login.welcome"))
    call.waits(0.3)
    call.hears(await sound("main_menu.intro"))
    call.waits(1)
    call.presses("1", style)
    call.hears(await sound("ccrn.ask"), ms=1500)
    call.presses(CCRN + "#", style)
    call.waits(0.2)
    call.hears(await sound("ccrn.accepted", ccrn=CCRN))
    call.waits(0.3)
    call.hears(await sound("ccrn.go_on", key="1"))
    call.presses("1", style)
    call.waits(0.2)
    call.hears(await sound("vehicle.which"))
    call.waits(0.3)
    call.hears(await sound("vehicle.option", vehicle=VEHICLE, key="1"))
    call.presses("1", style)
    call.waits(0.2)
    call.hears(await sound("bundle.one_cargo", ccrns=[CCRN], vehicle=VEHICLE))
    call.waits(0.5)
    call.presses("1", style)
    call.waits(0.2)
    call.hears(await sound("bundle.done", ubr=UBR))
    call.waits(1)
    call.hangs_up()
    return call


def made_of(path: Path, call_id: str = "") -> str:
    capture = read_capture(path)
    call = chosen(capture, call_id)
    return as_file(history_from_capture(capture, call, REPERTOIRE, DIGITS, 2.0), WAITS)


def scenario_of(text: str, folder: Path) -> Scenario:
    path = folder / "made.call.yaml"
    path.write_text(text)
    return read(path).scenario


async def test_a_captured_call_becomes_a_scenario(tmp_path: Path) -> None:
    text = made_of(write(tmp_path / "one.pcap", [await bundling(MadeUpCall())]))
    for secret in (USER_ID, PIN, CODE, CCRN, VEHICLE, UBR, "97654321"):
        assert secret not in text
    scenario = scenario_of(text, tmp_path)
    assert [
        step.title() + ("" if not isinstance(step, Expect) or step.whole else " …")
        for step in scenario.steps
    ] == [
        "dial 3902",
        *["expect welcome.greeting"] * 3,
        "expect welcome.language …",
        "press 3",
        "expect login.user_id.say …",
        "press {user_id}#{pin}{code}",
        "expect login.welcome",
        "expect main_menu.intro",
        "press 1",
        "expect ccrn.ask …",
        "press {ccrn}#",
        "expect ccrn.accepted",
        "expect ccrn.go_on",
        "press 1",
        "expect vehicle.which",
        "expect vehicle.option",
        "press 1",
        "expect bundle.one_cargo",
        "press 1",
        "expect bundle.done",
        "hang_up True",
    ]
    expected = {step.expect: step for step in scenario.steps if isinstance(step, Expect)}
    assert expected["bundle.one_cargo"].slots == {"ccrns": "{ccrn}", "vehicle": "{vehicle}"}
    assert expected["bundle.done"].capture == {"ubr": "ubr"}
    assert expected["login.welcome"].latency == 1.5  # 620 ms from the beginning of the last key


async def test_style_of_keys_and_pcapng(tmp_path: Path) -> None:
    call = await bundling(MadeUpCall(), KeyStyle.END_ONLY)
    scenario = scenario_of(made_of(write(tmp_path / "one.pcapng", [call], ng=True)), tmp_path)
    assert isinstance(scenario.steps[0], Dial)
    assert scenario.steps[0].keys == KeyStyle.END_ONLY


async def greeted(call: MadeUpCall) -> MadeUpCall:
    call.dials()
    call.hears(await sound("welcome.greeting"))
    call.waits(1)
    call.hangs_up()
    return call


async def test_other_payload_types_compact_headers_and_a_caller_behind_a_nat(
    tmp_path: Path,
) -> None:
    call = MadeUpCall(law=0, events=96, private="10.0.0.9", compact=True)
    call.dials()
    call.hears(await sound("welcome.greeting"))
    call.hears(await sound("welcome.language", Language.CANTONESE, key="1"), ms=1200)
    call.presses("3")
    call.hears(await sound("login.user_id.say", length=8))
    call.waits(1)
    call.hangs_up()
    steps = [
        step.title() for step in scenario_of(made_of(write(tmp_path / "a", [call])), tmp_path).steps
    ]
    assert "press 3" in steps
    assert "expect login.user_id.say" in steps
    informing = MadeUpCall(compact=True)
    informing.dials()
    informing.hears(await sound("welcome.greeting"))
    informing.informs("3")
    informing.waits(1)
    informing.hangs_up()
    text = made_of(write(tmp_path / "b", [informing]))
    assert "keys: info-relay" in text
    assert 'press: "3"' in text


@pytest.mark.parametrize(
    ("changed", "link"),
    [(tagged, dpkt.pcap.DLT_EN10MB), (cooked_and_tagged, dpkt.pcap.DLT_LINUX_SLL)],
)
async def test_frames_of_vlans(
    changed: Callable[[bytes], bytes], link: int, tmp_path: Path
) -> None:
    call = await greeted(MadeUpCall())
    call.packets = [(at, changed(frame)) for at, frame in call.packets]
    assert "expect: welcome.greeting" in made_of(write(tmp_path / "a", [call], link=link))


async def test_messages_in_fragments(tmp_path: Path) -> None:
    call = await greeted(MadeUpCall())
    whole, call.packets = call.packets, []
    for at, frame in whole:
        parts = fragmented(frame) if b"SIP/2.0" in frame else [frame]
        call.packets += [(at, part) for part in reversed(parts)]
    path = write(tmp_path / "a", [call])
    assert "expect: welcome.greeting" in made_of(path)
    del call.packets[0]
    write(path, [call])
    with pytest.raises(CannotBeRead, match="in fragments, not all of which were captured"):
        made_of(path)


async def test_a_call_that_had_begun_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    call = MadeUpCall("begun@a")
    call.dials(again=True)
    call.hears(await sound("login.welcome"))
    call.hangs_up()
    path = write(tmp_path / "a", [call])
    with pytest.raises(CannotBeRead, match="begun@a had begun before the capture"):
        made_of(path)
    write(path, [call, await greeted(MadeUpCall("whole@a", now=call.now))])
    assert "whole@a" in made_of(path)
    with pytest.raises(CannotBeRead, match=r"begun@a .*had begun before the capture"):
        made_of(path, "third@a")


async def test_sip_over_tcp_is_told_from_traffic_of_others(tmp_path: Path) -> None:
    call = await greeted(MadeUpCall())
    path = tmp_path / "a"
    call.packets = [(at, over_tcp(frame)) for at, frame in call.packets if b"SIP/2.0" in frame]
    with pytest.raises(CannotBeRead, match="its SIP goes over TCP"):
        made_of(write(path, [call]))
    call.packets = [(at, frame.replace(b"SIP/2.0", b"SSH/2.0")) for at, frame in call.packets]
    with pytest.raises(CannotBeRead, match="no INVITE is in it"):
        made_of(write(path, [call]))


async def test_what_was_said_is_not_left_out_silently(tmp_path: Path) -> None:
    call = MadeUpCall()
    call.dials()
    for name in ("login.user_id.say", "login.pin.say", "login.code.say"):
        call.hears(await sound(name, length=6))
        call.waits(2)
    call.hears(await sound("login.welcome"))
    call.hangs_up()
    with pytest.raises(CannotBeRetold, match="a log-in was taken that no key gave"):
        made_of(write(tmp_path / "a", [call]))


async def test_no_frame_ends_the_reading(tmp_path: Path) -> None:
    """Frames cut and changed anywhere: they are left out, or the file is refused."""
    call = await greeted(MadeUpCall())
    signalling = [packet for packet in call.packets if b"SIP/2.0" in packet[1]]
    chance = random.Random(24)
    for _ in range(300):
        frames = []
        for at, frame in signalling:
            changed = bytearray(frame)
            for _ in range(chance.randrange(6)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            frames.append((at, bytes(changed[: chance.choice((len(changed), 14, 30, 60, 200))])))
        call.packets = frames
        link = chance.choice((dpkt.pcap.DLT_EN10MB, dpkt.pcap.DLT_LINUX_SLL, 101, 276))
        with suppress(CannotBeRead):
            calls_in(read_capture(write(tmp_path / "a", [call], link=link)))


async def test_several_calls_are_listed(tmp_path: Path) -> None:
    first = await greeted(MadeUpCall("first@a"))
    second = await greeted(MadeUpCall("second@a", now=first.now + 5))
    path = write(tmp_path / "two.pcap", [first, second])
    with pytest.raises(CannotBeRead, match="2 calls; name one by --call-id") as refused:
        made_of(path)
    assert "first@a" in str(refused.value)
    assert "second@a" in str(refused.value)
    assert "expect: welcome.greeting" in made_of(path, "second@a")
    with pytest.raises(CannotBeRead, match="no call third@a"):
        made_of(path, "third@a")


async def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    write(path, [await greeted(MadeUpCall(profile="RTP/SAVP"))])
    with pytest.raises(CannotBeRead, match="its sound is encrypted"):
        made_of(path)
    call = await greeted(MadeUpCall())
    write(path, [call], longest=96)
    with pytest.raises(CannotBeRead, match="packets were cut"):
        made_of(path)
    call.packets = [packet for packet in call.packets if b"SIP/2.0" in packet[1]]
    write(path, [call])
    with pytest.raises(CannotBeRead, match="the service's sound is not in it"):
        made_of(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:32])
    with pytest.raises(CannotBeRead, match="ends in the middle of a packet"):
        made_of(path)
    path.write_bytes(whole + whole[24:32])
    with pytest.raises(CannotBeRead, match="the file is damaged"):
        made_of(path)
    for text in (b"", b"no capture at all, but long enough for a header"):
        path.write_bytes(text)
        with pytest.raises(CannotBeRead, match="no packet capture"):
            made_of(path)


async def test_keys_that_may_be_a_secret_are_written_nowhere(tmp_path: Path) -> None:
    call = MadeUpCall()
    call.dials()
    call.hears(await sound("login.welcome"))
    call.presses(PIN)
    call.waits(1)
    call.hangs_up()
    with pytest.raises(CannotBeRetold, match="6 keys were pressed after") as refused:
        made_of(write(tmp_path / "one.pcap", [call]))
    assert PIN not in str(refused.value)
