"""Many callers who speak at the same time: how soon each is answered, and at what cost.

    .venv/bin/python -m benchmarks.speakers [--runs N] [callers ...]

Starts a service of its own. The callers choose a language by key, Cantonese, Putonghua and English
in turn, and wait; then all of them say a user ID of eight digits at the same moment, into the
question for it. They run on the same machine and speak with espeak-ng's voice `f5`, which no model
was trained on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lines import both
from benchmarks.support.keyed_call import RINGING_S, SIP_NUMBER, KeyedCall, RtpClock, calling
from benchmarks.support.own_service import SIP, WEB_PORT, service
from benchmarks.support.processes import family_cpu_s
from speech.languages.language import Language
from tests.support.speaking import digits, spoken
from tests.support.touch_tones import alaw, pcm_of

LANGUAGES = {"1": Language.CANTONESE, "2": Language.PUTONGHUA, "3": Language.ENGLISH}
USER_ID = "70352946"
FASTEST_PER_S = 10
LANGUAGE_AT_S, READY_AFTER_S = 1.5, 3.0
ANSWERED_WITHIN_S = 6.0
SOFTEST = 200
TALKED_OVER_S = 0.3
"""If sound came this shortly before they ended, their voice had not stopped the question."""
_UTTERANCES = re.compile(r"^rocars_ivr_utterances_total\{.*outcome=\"(\w+)\".*\} (\S+)", re.M)


@dataclass
class Answered:
    """One caller: ms from their last sound to ours, or why none came; the longest gap in RTP."""

    after_ms: float | None = None
    failure: str = ""
    longest_gap_ms: float = 0.0


@dataclass
class Round:
    """All callers speak once."""

    callers: list[Answered] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    cpu_s: float = 0.0
    seconds: float = 0.0


def sayings() -> dict[str, bytes]:
    """The speech of each language's callers, without the silence after it."""
    speech = {}
    for key, language in LANGUAGES.items():
        sound = pcm_of(spoken(language, digits(language, USER_ID)))
        speech[key] = alaw(sound[: np.flatnonzero(np.abs(sound) > SOFTEST)[-1]])
    return speech


async def _caller(
    clock: RtpClock, key: str, saying: bytes, ready: asyncio.Event, now: asyncio.Event
) -> Answered:
    with calling(SIP, SIP_NUMBER) as call:
        try:
            status, _ = await call.peer.invite(within_s=RINGING_S)
        except TimeoutError:
            ready.set()  # otherwise the other callers would wait for it
            return Answered(failure="no answer")
        if status != 200:
            ready.set()
            return Answered(failure=f"answered {status}")
        with clock.sends_for(call):
            await asyncio.sleep(LANGUAGE_AT_S)
            call.press(key)
            await asyncio.sleep(READY_AFTER_S)
            ready.set()
            await now.wait()
            result = await _says(call, saying)
            result.longest_gap_ms = call.longest_gap_s * 1000
            await call.peer.ask("BYE")
            return result


async def _says(call: KeyedCall, saying: bytes) -> Answered:
    await call.say(saying)
    ended = time.monotonic()
    await asyncio.sleep(ANSWERED_WITHIN_S)
    if any(ended - TALKED_OVER_S < at < ended for at in call.sounds):
        return Answered(failure="the question went on")
    following = next((at for at in call.sounds if at > ended), None)
    if following is None:
        return Answered(failure="nothing followed")
    return Answered((following - ended) * 1000)


async def speak_at_once(callers: int, pid: int) -> Round:
    """Place the calls, have all callers speak, and collect the results."""
    clock, now, speech, result = RtpClock(), asyncio.Event(), sayings(), Round()
    ticking = asyncio.ensure_future(clock.run())
    ready, placed = [asyncio.Event() for _ in range(callers)], []
    for number, (event, key) in enumerate(zip(ready, cycle(LANGUAGES), strict=False)):
        placed.append(asyncio.ensure_future(_caller(clock, key, speech[key], event, now)))
        if number < callers - 1:
            await asyncio.sleep(1 / FASTEST_PER_S)
    await asyncio.gather(*(event.wait() for event in ready))
    outcomes, before, began = _outcomes(), family_cpu_s(pid), time.monotonic()
    now.set()
    await asyncio.sleep(max(len(saying) for saying in speech.values()) / 8000 + 1.0)
    result.cpu_s, result.seconds = family_cpu_s(pid) - before, time.monotonic() - began
    result.callers = await asyncio.gather(*placed)
    result.outcomes = _outcomes() - outcomes
    ticking.cancel()
    return result


def _outcomes() -> Counter[str]:
    """The numbers of utterances so far, by outcome."""
    with urllib.request.urlopen(f"http://127.0.0.1:{WEB_PORT}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    counts: Counter[str] = Counter()
    for outcome, value in _UTTERANCES.findall(text):
        counts[outcome] += int(float(value))
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("callers", nargs="*", type=int, default=[60])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    table = Table(
        title=f"{platform.machine()}, {os.cpu_count()} cores; ms, median / p95",
        show_lines=True,
    )
    for heading in ("callers", "runs", "end of speech → sound", "RTP gap", "utterances"):
        table.add_column(heading)
    table.add_column("cores while they speak")
    table.add_column("failed")
    for callers in asked.callers:
        with service(callers) as pid:
            time.sleep(2)
            rounds = [asyncio.run(speak_at_once(callers, pid)) for _ in range(asked.runs)]
        every = [caller for each in rounds for caller in each.callers]
        outcomes = sum((each.outcomes for each in rounds), Counter[str]())
        failed = Counter(answered.failure for answered in every if answered.failure)
        table.add_row(
            str(callers),
            str(asked.runs),
            both([answered.after_ms for answered in every if answered.after_ms is not None]),
            both([answered.longest_gap_ms for answered in every if not answered.failure]),
            ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common()),
            f"{sum(each.cpu_s for each in rounds) / sum(each.seconds for each in rounds):.2f}",
            ", ".join(f"{why} {count}" for why, count in failed.items()) or "0",
        )
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
