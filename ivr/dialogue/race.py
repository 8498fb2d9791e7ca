"""Keys and speech in competition: whichever begins first is taken, and a key always wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ivr.dialogue.collect import CollectResult, KeyCollector, NoInput, RecogniserLost, SpokenAnswer
from ivr.dialogue.line import Playback
from speech.recognition.hearing import Attention, RecogniserFailed


async def keyed_or_said(
    keyed: Callable[[], Awaitable[CollectResult]],
    collector: KeyCollector,
    attention: Attention,
    playback: Playback,
    *,
    barge_in: bool,
) -> CollectResult:
    """One answer, by key or by voice. Raises HungUp.

    A caller who is still speaking has not failed to answer: the first-digit time-out waits for
    them.
    """
    keying = asyncio.ensure_future(keyed())
    saying = asyncio.ensure_future(_said(attention, playback, barge_in=barge_in))
    pressed = asyncio.ensure_future(collector.began.wait())
    try:
        while True:
            await asyncio.wait({keying, saying, pressed}, return_when=asyncio.FIRST_COMPLETED)
            if collector.began.is_set():  # whatever else has come at the same moment
                return await keying
            if saying.done():
                return saying.result()
            if keying.done():
                result = keying.result()
                if not (isinstance(result, NoInput) and attention.speaking):
                    return result
                keying = asyncio.ensure_future(keyed())
    finally:
        await _cancel(keying, saying, pressed)


async def _said(
    attention: Attention, playback: Playback, *, barge_in: bool
) -> SpokenAnswer | RecogniserLost:
    stopping = asyncio.ensure_future(_stop_when_spoken_to(attention, playback))
    if not barge_in:
        stopping.cancel()
    try:
        return SpokenAnswer(await attention.utterance())
    except RecogniserFailed:
        return RecogniserLost()
    finally:
        await _cancel(stopping)


async def _stop_when_spoken_to(attention: Attention, playback: Playback) -> None:
    await attention.began.wait()
    playback.stop()


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
