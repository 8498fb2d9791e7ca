"""The synthesiser's own process: real speech, and what happens when it dies or hangs."""

from __future__ import annotations

import asyncio
import signal
from ctypes.util import find_library

import numpy as np
import pytest

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.synthesiser.synthesiser import SAMPLE_RATE, Synthesiser, SynthesisFailed
from tests.support.pace import limit

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        find_library("espeak-ng") is None,
        reason="no libespeak-ng on this machine (Debian package libespeak-ng1): NOTHING IS SPOKEN",
    ),
]

TEXTS = {
    Language.CANTONESE: "請輸入海關貨物編號",
    Language.PUTONGHUA: "请输入海关货物编号",
    Language.ENGLISH: "Please key the cargo number",
}


@pytest.mark.parametrize("language", list(Language))
async def test_it_speaks(language: Language) -> None:
    synthesiser = Synthesiser(SynthesiserSettings())
    try:
        speech = await synthesiser.speak(language, TEXTS[language])
    finally:
        await synthesiser.close()
    assert 1.0 < len(speech) / SAMPLE_RATE < 6.0
    assert 0.05 < float(np.abs(speech).max()) <= 1.0


async def test_parallel_requests_each_get_their_own_speech() -> None:
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=20))
    try:
        short, long, again = await asyncio.gather(
            synthesiser.speak(Language.ENGLISH, "one"),
            synthesiser.speak(Language.ENGLISH, "one two three four five six seven"),
            synthesiser.speak(Language.ENGLISH, "one"),
        )
    finally:
        await synthesiser.close()
    assert len(long) > 3 * len(short)
    assert abs(len(short) - len(again)) < SAMPLE_RATE // 8


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_dead_or_hanging_process_is_replaced(number: signal.Signals) -> None:
    synthesiser = Synthesiser(SynthesiserSettings(timeout_s=min(30.0, limit(3))))
    try:
        await synthesiser.speak(Language.ENGLISH, "one")
        process = synthesiser._process
        assert process is not None
        process.send_signal(number)
        if number is signal.SIGKILL:
            await process.wait()
        else:
            with pytest.raises(SynthesisFailed):
                await synthesiser.speak(Language.ENGLISH, "two")
        assert len(await synthesiser.speak(Language.ENGLISH, "three")) > 0
    finally:
        await synthesiser.close()


async def test_an_unknown_voice_is_an_error_and_no_crash() -> None:
    synthesiser = Synthesiser(SynthesiserSettings(english_voice="no/such-voice"))
    try:
        with pytest.raises(SynthesisFailed):
            await synthesiser.speak(Language.ENGLISH, "one")
    finally:
        await synthesiser.close()
