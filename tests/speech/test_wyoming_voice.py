"""A voice behind a Wyoming server: a real one, of the protocol's own library, on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

from speech.languages.language import Language
from speech.voices import registry
from speech.voices.settings import VoiceSettings
from speech.voices.voice import VoiceUnavailable
from speech.voices.wyoming import WyomingVoice

pytestmark = pytest.mark.service

RATE = 22_050
SOURCE = Attribution(name="Joe", url="https://example.org/joe")


def voice_of(name: str, languages: list[str], *, installed: bool = True) -> TtsVoice:
    return TtsVoice(
        name=name,
        attribution=SOURCE,
        installed=installed,
        description=None,
        version="2",
        languages=languages,
    )


INFO = Info(
    tts=[
        TtsProgram(
            name="speaker",
            attribution=SOURCE,
            installed=True,
            description=None,
            version="1.0",
            voices=[
                voice_of("away", ["en"], installed=False),
                voice_of("joe", ["en_US"]),
                voice_of("wong", ["zh-HK"]),
            ],
        )
    ]
)


class Speaker(AsyncEventHandler):
    """Says 0.1 s a letter, in stereo; some texts it does not like."""

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(INFO.event())
            return True
        asked = Synthesize.from_event(event)
        if asked.text == "refuse":
            await self.write_event(Error(text="not that").event())
            return False
        shape = {"rate": RATE, "width": 2, "channels": 2}
        await self.write_event(AudioStart(**shape).event())
        for letter in asked.text if asked.text != "silence" else "":
            both = np.full((RATE // 10, 2), 16384, "<i2")
            await self.write_event(AudioChunk(audio=both.tobytes(), **shape).event())
            if letter == "!":
                return False
        await self.write_event(AudioStop().event())
        return True


@pytest.fixture
def address() -> Iterator[str]:
    """A server in a loop and thread of its own, since the voice waits in the thread that asks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    loop, listening = asyncio.new_event_loop(), threading.Event()
    server = AsyncServer.from_uri(where)

    async def serve() -> None:
        await server.start(Speaker)
        listening.set()

    loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    assert listening.wait(30)
    yield where
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


def test_it_says_what_the_server_says_and_who_it_is(address: str) -> None:
    settings = VoiceSettings.model_validate({"wyoming": address})
    voice = registry.opened("wyoming", settings)
    speech = voice.speak("hello", Language.ENGLISH)
    assert (speech.rate, speech.seconds) == (RATE, 0.5)
    assert set(speech.samples) == {0.5}
    assert voice.languages == {Language.ENGLISH, Language.CANTONESE}
    assert voice.version == "speaker 1.0, en joe 2, yue wong 2"
    assert voice.licence == "as of Joe (https://example.org/joe)"


@pytest.mark.parametrize(
    ("text", "language", "why"),
    [
        ("hello", Language.PUTONGHUA, "wyoming speaks en, yue, not cmn"),
        ("refuse", Language.ENGLISH, "not that"),
        ("silence", Language.ENGLISH, "no sound came of 'silence'"),
        ("half!", Language.ENGLISH, "broke off"),
    ],
)
def test_what_it_does_not_say_is_told(
    address: str, text: str, language: Language, why: str
) -> None:
    with pytest.raises(VoiceUnavailable, match=why):
        WyomingVoice(address, 20).speak(text, language)


def test_a_server_that_is_away_is_told() -> None:
    with socket.socket() as nobody:  # bound, and not listening
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(VoiceUnavailable, match="no Wyoming server answers"):
            WyomingVoice(address, 20).speak("hello", Language.ENGLISH)
