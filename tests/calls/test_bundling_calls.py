"""Drivers who bundle by telephone: real SIP, RTP, keys, ROCARS and records."""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend_client.client import RocarsClient
from backend_client.types import BundleState, Credentials
from prompts.composer import Composer
from prompts.library import load_library
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase
from speech.languages.language import Language
from tests.support.callers import WRONG_CODE, Called, Caller, log_in
from tests.support.sound_matching import hear

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]


def told_ubr(called: Called) -> str:
    found = re.search(r"[0-9]{3}( [0-9]{3,4})+", called.text_of("bundle.done"))
    assert found, called.words
    return found[0].replace(" ", "")


async def test_drivers_bundle_in_three_languages_at_once(caller: Caller, tmp_path: Path) -> None:
    demo = await caller.demo()
    at_once = demo.free_ccrns(immediately=True)
    later = demo.free_ccrns(immediately=False)
    on_file = {"vehicle.which": ["1"]}
    keyed = {
        "vehicle.mark": ["94567#"],  # W to Z, G or H, 567
        "vehicle.first_letter": ["4"],
        "vehicle.second_letter": ["1"],
    }
    ends = {
        "main_menu": ["1"],
        "ccrn.more": ["1"],
        "bundle.one_cargo": ["1"],
        "bundle.after": ["3"],
    }
    calls = await asyncio.gather(
        caller.call(
            log_in(demo, "yue") | ends | on_file | {"ccrn": [f"{at_once[0]}#"]},
            recording=tmp_path / "yue.wav",
        ),
        caller.call(
            log_in(demo, "cmn") | ends | on_file | {"ccrn": [f"{later[0]}#"]},
            recording=tmp_path / "cmn.wav",
        ),
        caller.call(
            log_in(demo, "en") | ends | keyed | {"ccrn": [f"{at_once[1]}#"]},
            recording=tmp_path / "en.wav",
        ),
    )
    await caller.idle()
    expected = [
        ("yue", at_once[0], "AB1234", "bundle.cross_now"),
        ("cmn", later[0], "FV2468", "bundle.cross_from"),
        ("en", at_once[1], "ZG567", "bundle.cross_now"),
    ]
    for called, (language, ccrn, vehicle, crossing) in zip(calls, expected, strict=True):
        ubr = told_ubr(called)
        receipt = await caller.receipt(ubr, vehicle)
        assert (receipt.ccrns, receipt.state) == ((ccrn,), BundleState.LIVE)
        assert called.text_of(crossing), called.words
        assert receipt.crossing.immediately is (crossing == "bundle.cross_now")
        ((outcome, spoken, in_cdr, codec),) = caller.service.query(
            "SELECT outcome, language, ubr, codec FROM calls WHERE ubr = ?", ubr
        )
        assert (outcome, spoken, in_cdr, codec) == ("completed", language, ubr, "PCMA")
        await heard_on_the_line(tmp_path / f"{language}.wav", Language(language), ubr)


async def heard_on_the_line(recording: Path, language: Language, ubr: str) -> None:
    """The UBR's own audio is found in what the driver's telephone received."""
    settings = PromptSettings.model_validate({})
    composer = Composer(load_library(), settings, StandIns(settings, recording.parent))
    utterance = await composer.compose([Phrase(language, "bundle.done", {"ubr": ubr})])
    wanted = np.frombuffer(utterance.pcm, dtype="<i2").astype(np.float64)
    both, rate = soundfile.read(recording, dtype="int16")
    assert rate == 8000
    match = hear(wanted, both[:, 0].astype(np.float64))
    # The caller's jitter buffer may drop or repeat a little; a wrong digit would last longer.
    assert match.share > 0.7, f"{language}: {match}"
    assert match.longest_unclear <= 3, f"{language}: {match}"
    assert max(match.shifts) - min(match.shifts) <= 600, f"{language}: not in one go: {match}"


async def test_whoever_drove_past_the_camera_has_crossed_says_the_telephone(
    caller: Caller,
) -> None:
    demo = await caller.demo()
    driver = next(candidate for candidate in demo.drivers if candidate.language == "en")
    number = secrets.randbelow(9000) + 1000
    vehicle, keys = f"ZG{number}", f"94{number}"  # W to Z, G or H
    async with RocarsClient(caller.service.rocars("ivr")) as rocars:
        logged_in = await rocars.log_in(Credentials(driver.user_id, driver.pin, driver.code))
        ccrns = demo.free_ccrns(immediately=True)[-1:]
        receipt = await rocars.bundle(
            logged_in, ccrns, vehicle, idempotency_key=secrets.token_hex(8)
        )
    assert await caller.read_plate(f"Z6{number}", "LMC-OUT-1") == "proceed"
    enquiry = {
        "login.user_id": ["#", "#"],  # so soon, the first belongs to the language's key
        "enquiries": ["1"],
        "status.ubr": [f"{receipt.ubr}#"],
        "status.vehicle": [f"{keys}#"],
    }
    asked = await asyncio.gather(
        *(
            caller.call({"welcome.language": [key]} | enquiry, leaves_after="status.crossed")
            for key in "123"
        )
    )
    for called in asked:
        assert called.text_of("status.crossed"), called.words
    await caller.idle()


async def test_five_failures_over_two_calls_lock_the_user_id(caller: Caller) -> None:
    """The lock counts over calls, and is said of a user ID that does not exist as well."""
    unknown, tries = "77777777", 3
    attempts = {
        "welcome.language": ["3"],
        "login.user_id": [(unknown + "111111" + WRONG_CODE) * tries],  # all typed ahead
    }
    first = await caller.call(attempts, leaves_after="hotline.advice")
    second = await caller.call(attempts, leaves_after="login.locked")
    assert first.words.count("were not accepted") == 3
    assert "3669 0000" in first.words
    assert second.words.count("were not accepted") == 2
    assert "log in is blocked" in second.words
    await caller.idle()
    outcomes = caller.service.query("SELECT outcome FROM calls ORDER BY offered_at DESC LIMIT 2")
    assert [outcome for (outcome,) in outcomes] == ["login_locked", "login_refused"]


async def test_a_driver_is_known_by_his_number(caller: Caller) -> None:
    driver = next(
        candidate for candidate in (await caller.demo()).drivers if candidate.language == "yue"
    )
    called = await caller.call(
        {"login.pin": [driver.pin], "login.code": [driver.code], "main_menu": ["9"]},
        from_user="+85290100001",
    )
    asked = [step.name for step in called.steps if step.kind == "asked"]
    assert asked == ["login.pin", "login.code", "main_menu"]
    assert {step.language for step in called.steps if step.text} == {"yue"}


async def test_secrets_are_in_no_file_the_service_wrote(caller: Caller) -> None:
    """After the calls above: PINs and codes nowhere, not in log, database, metrics or trace."""
    demo = await caller.demo()
    written = b""
    for path in sorted(caller.service.directory.rglob("*")):
        if path.is_file() and path.suffix != ".key":
            written += path.read_bytes()
    for driver in demo.drivers:
        assert driver.pin.encode() not in written
    assert b"******" in written  # the trace has the steps, masked
