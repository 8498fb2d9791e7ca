"""Drivers who say it: real speech over real SIP and RTP, recognised by the models that ship."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest

from backend_client.office import Demo
from backend_client.types import BundleState
from ivr.caller.driver import Speech
from ivr.dialogue.outcome import Mode
from ivr.dialogue.trace import MASK, StepKind
from ivr.records.models import CallStep
from speech.languages.language import Language
from tests.support import recorded_people
from tests.support.callers import Called, Caller, log_in
from tests.support.speaking import digits, spelt, spoken

pytestmark = [pytest.mark.call, pytest.mark.real_time, pytest.mark.asyncio(loop_scope="session")]

WORDS = {
    Language.CANTONESE: {
        "language": "廣東話",
        "bundle": "捆綁",
        "all": "冇喇",
        "right": "正確",
        "finish": "完成",
    },
    Language.PUTONGHUA: {
        "language": "普通话",
        "bundle": "捆绑",
        "all": "没有了",
        "right": "正确",
        "finish": "完成",
    },
    Language.ENGLISH: {
        "language": "english",
        "bundle": "bundle",
        "all": "that is all",
        "right": "correct",
        "finish": "finish",
    },
}


TRIES = (
    {"variant": "f5", "speed": 145},
    {"variant": "m7", "speed": 130, "gap": 6},
    {"variant": "linda", "speed": 120, "gap": 8},
    {"variant": "f5", "speed": 115, "gap": 10},
)
"""Who is not understood says it again, more slowly; and voices no model was trained on."""


def says(language: Language, words: str) -> list[str | Speech]:
    return [Speech(words, spoken(language, words, **change)) for change in TRIES]


def spells(language: Language, number: str) -> list[str | Speech]:
    """In one breath; then with a pause after each digit, as whoever is asked again does.

    A synthesiser runs two of the same digit together, and a code may have them.
    """
    fluent, *again = says(language, digits(language, number))
    apart = digits(language, number).replace(" ", ", ")
    slowly = Speech(apart, spoken(language, apart, variant="m7", speed=130))
    return [fluent, slowly, *again[1:]]


def by_voice(demo: Demo, language: Language, ccrn: str) -> dict[str, list[str | Speech]]:
    """A whole bundling, every answer said."""
    words = WORDS[language]
    keyed = log_in(demo, language)
    answers: dict[str, list[str | Speech]] = {
        "welcome.language": says(language, words["language"]),
        "main_menu": says(language, words["bundle"]),
        "ccrn": spells(language, ccrn),
        "ccrn.more": says(language, words["all"]),
        "vehicle.which": spells(language, "1"),
        "vehicle.mark": says(language, spelt(language, vehicle_of(demo, language))),
        "bundle.one_cargo": says(language, words["right"]),
        "bundle.after": says(language, words["finish"]),
    }
    for secret in ("login.user_id", "login.pin", "login.code"):
        answers[secret] = spells(language, keyed[secret][0])
    return answers


def vehicle_of(demo: Demo, language: Language) -> str:
    """Their own, or another driver's for the driver without one."""
    own = [
        driver.vehicles
        for driver in demo.drivers
        if driver.language == language and driver.vehicles
    ]
    others = [driver.vehicles for driver in demo.drivers if driver.vehicles]
    return (own or others)[0][0]


def answered(called: Called) -> list[CallStep]:
    return [step for step in called.steps if step.kind == StepKind.ANSWERED]


@pytest.mark.timeout(300)
async def test_drivers_bundle_by_voice_alone_in_three_languages_at_once(caller: Caller) -> None:
    """And one of the bundles is asked about afterwards, by voice as well."""
    demo = await caller.demo()
    ccrns = [*demo.free_ccrns(immediately=True), *demo.free_ccrns(immediately=False)]
    calls = await asyncio.gather(
        *(
            caller.call(by_voice(demo, language, ccrn), from_user="anonymous")
            for language, ccrn in zip(Language, ccrns, strict=False)
        )
    )
    log = caller.service.log.read_text()
    for language, ccrn, called in zip(Language, ccrns, calls, strict=False):
        found = re.search(r"[0-9]{3}( [0-9]{3,4})+", called.text_of("bundle.done"))
        assert found, called.words
        ubr, vehicle = found[0].replace(" ", ""), vehicle_of(demo, language)
        receipt = await caller.receipt(ubr, vehicle)
        assert receipt.state is BundleState.LIVE
        assert receipt.ccrns == (ccrn,)
        assert {step.mode for step in answered(called)} == {Mode.SPEECH}
        secrets = [step for step in answered(called) if step.name in ("login.pin", "login.code")]
        assert {step.value for step in secrets} == {MASK}
        assert {step.name for step in secrets} == {"login.pin", "login.code"}
        assert next(driver for driver in demo.drivers if driver.language == language).pin not in log
    asked = await caller.call(
        {
            "welcome.language": says(Language.ENGLISH, "english"),
            "login.user_id": ["#", "#"],  # so soon, the first belongs to the language
            "enquiries": says(Language.ENGLISH, "status"),
            "status.ubr": spells(Language.ENGLISH, ubr),
            "status.vehicle": says(Language.ENGLISH, spelt(Language.ENGLISH, vehicle)),
        },
        from_user="anonymous",
        leaves_after="status.live",
    )
    assert asked.text_of("status.live"), asked.words


async def test_speech_and_keys_take_turns_and_noise_is_neither(caller: Caller) -> None:
    demo = await caller.demo()
    answers: dict[str, list[str | Speech]] = dict(log_in(demo, "en"))  # type: ignore[arg-type]
    answers["main_menu"] = [says(Language.ENGLISH, "empty truck")[0], "9"]
    rumble = np.random.default_rng(0).normal(0, 300, 16000).astype("<i2").tobytes()
    turns, noise = await asyncio.gather(
        caller.call(answers, from_user="anonymous"),
        caller.call({"welcome.language": [Speech("a rumble", rumble)]}, from_user="anonymous"),
    )
    modes = [
        (step.name, step.mode, step.value)
        for step in answered(turns)
        if step.name in ("login.pin", "main_menu")
    ]
    assert modes == [
        ("login.pin", Mode.KEY, MASK),
        ("main_menu", Mode.SPEECH, "3"),
        ("main_menu", Mode.KEY, "9"),
    ]
    assert answered(noise) == []


@recorded_people.needed
async def test_recorded_people_log_in_by_voice(caller: Caller) -> None:
    demo = await caller.demo()
    keys = {"yue": "1", "cmn": "2", "en": "3"}
    questions = ("login.user_id", "login.pin", "login.code")

    def spoken_answers(language: Language) -> dict[str, list[str | Speech]]:
        keyed = log_in(demo, language)
        answers: dict[str, list[str | Speech]] = {"welcome.language": [keys[language]]}
        for question in questions:
            number = keyed[question][0]
            speech = Speech(number, recorded_people.digits_said(language, number))
            answers[question] = [speech, speech]
        return answers

    calls = await asyncio.gather(
        *(caller.call(spoken_answers(language), from_user="anonymous") for language in Language)
    )
    for called in calls:
        spoken_to = [step.name for step in answered(called) if step.mode == Mode.SPEECH]
        assert spoken_to == list(questions), called.words
        assert called.text_of("login.welcome")
