"""One telephone in a process of its own, driven over JSON lines by a test.

The library allows one endpoint a process, so each side of a test call is one of these. Calls that
come in are dealt with by the number dialled (`BEHAVIOURS`).
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from ivr.dialogue.line import HungUp
from ivr.telephony.incoming import IncomingCall
from ivr.telephony.library.media_sockets import MediaTransport
from ivr.telephony.line import CallLine
from ivr.telephony.outgoing import OutgoingCall
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone

PROMPT = b""


def say(**event: Any) -> None:
    print(json.dumps(event, default=str), flush=True)


async def report_keys(line: CallLine, call: str) -> None:
    while True:
        key = await line.key()
        say(event="key", call=call, key=key.key, at=key.at, now=time.monotonic())


async def prompt_for_ever(call: IncomingCall) -> None:
    await call.ring()
    line = await call.answer()
    say(event="answered", call=call.invite.call_id)
    keys = asyncio.ensure_future(report_keys(line, call.invite.call_id))
    try:
        while await line.play(PROMPT).finished():
            pass
    finally:
        keys.cancel()


async def ring_for_ever(call: IncomingCall) -> None:
    await call.ring()
    await asyncio.shield(call.ended)


async def busy(call: IncomingCall) -> None:
    await call.reject(503, retry_after_s=7)


async def early(call: IncomingCall) -> None:
    line = await call.early_media()
    await line.play(PROMPT[:16000]).finished()
    line = await call.answer()
    await line.play(PROMPT).finished()
    await line.until_hung_up()


async def barge_in(call: IncomingCall) -> None:
    line = await call.answer()
    playback = line.play(PROMPT)
    key = await line.key()
    playback.stop()
    say(event="barged", at=key.at, played_ms=playback.played_ms, end=await playback.finished())
    await line.until_hung_up()


async def fail(call: IncomingCall) -> None:
    raise RuntimeError("this behaviour fails on purpose")


async def short(call: IncomingCall) -> None:
    line = await call.answer()
    played = await line.play(PROMPT[:1600]).finished()
    line.play(PROMPT)
    line.play(PROMPT[:8000])
    await asyncio.sleep(0.3)
    say(event="short", played=played)
    await line.hang_up()


async def type_ahead(call: IncomingCall) -> None:
    line = await call.answer()
    await asyncio.sleep(1.0)
    forgotten = line.flush_keys()
    await asyncio.sleep(1.0)
    waiting = [(await line.key()).key for _ in range(2)]
    say(event="typed", forgotten=forgotten, waiting=waiting)
    await line.until_hung_up()


async def listen(call: IncomingCall) -> None:
    line = await call.answer()
    slow = line.listen(longest_ms=200)
    size = 0
    async for frame in line.listen():
        size += len(frame)
    rest = [frame async for frame in slow]
    say(event="listened", bytes=size, dropped=slow.dropped, rest=len(rest))


async def hand_over(call: IncomingCall) -> None:
    line = await call.answer()
    playing = line.play(PROMPT)
    try:
        became: str = await line.transfer("sip:hotline@192.0.2.7", 2.0)
    except HungUp:
        became = "hung up"
    say(event="transferred", became=became)
    playing.stop()
    await line.until_hung_up()


async def say_it_back(call: IncomingCall) -> None:
    line = await call.answer()
    dictation = line.dictate()
    await line.key()
    await line.play(await dictation.stop()).finished()
    await line.hang_up()


async def echo(call: IncomingCall) -> None:
    line = await call.answer()
    speech = line.speak()
    async for frame in line.listen():
        speech.say(frame)


BEHAVIOURS = {
    "1000": prompt_for_ever,
    "2000": ring_for_ever,
    "3000": busy,
    "4000": early,
    "5000": barge_in,
    "6000": fail,
    "7000": short,
    "8000": type_ahead,
    "9000": listen,
    "9100": hand_over,
    "9200": say_it_back,
    "9300": echo,
}


class Phone:
    def __init__(self, settings: TelephonySettings, cards: int) -> None:
        self.telephone = Telephone(settings, self.take_call, cards=cards)
        self.calls: dict[str, OutgoingCall] = {}
        self.done = asyncio.Event()

    async def take_call(self, call: IncomingCall) -> None:
        say(event="incoming", call=call.invite.call_id, invite=dataclasses.asdict(call.invite))
        call.ended.add_done_callback(
            lambda ended: say(
                event="ended", call=call.invite.call_id, **dataclasses.asdict(ended.result())
            )
        )
        await BEHAVIOURS[call.invite.called](call)

    async def status(self) -> dict[str, Any]:
        return {
            "active": self.telephone.active_calls,
            "capacity": self.telephone.capacity,
            "addresses": self.telephone.sip_addresses,
            "poll_age": time.monotonic() - self.telephone.polled_at,
            "tally": dataclasses.asdict(self.telephone.tally),
            "rss_kb": int(Path("/proc/self/statm").read_text().split()[1]) * 4,
            "fds": len(list(Path("/proc/self/fd").iterdir())),
            "transports": sum(isinstance(thing, MediaTransport) for thing in gc.get_objects()),
        }

    async def drain(self, draining: bool) -> None:
        self.telephone.drain(draining)

    async def dial(self, name: str, uri: str, **more: Any) -> None:
        self.calls[name] = await self.telephone.dial(uri, **more)

    async def progressed(self, name: str) -> int:
        return (await self.calls[name].progressed()).status

    async def answered(self, name: str) -> None:
        await self.calls[name].answered()

    async def record(self, name: str, path: str) -> None:
        self.calls[name].line.record_both_sides(Path(path))

    async def play(self, name: str, path: str) -> bool:
        return await self.calls[name].line.play(Path(path).read_bytes()).finished()

    async def press(self, name: str, keys: str, gap_ms: int = 80) -> float:
        at = time.monotonic()
        await self.calls[name].press(keys, gap_ms)
        return at

    async def hold(self, name: str) -> None:
        await self.calls[name].hold()

    async def resume(self, name: str) -> None:
        await self.calls[name].resume()

    async def hang_up(self, name: str) -> dict[str, Any]:
        return dataclasses.asdict(await self.calls[name].hang_up())

    async def ended(self, name: str) -> dict[str, Any]:
        return dataclasses.asdict(await asyncio.shield(self.calls[name].ended))

    async def stop(self) -> None:
        await self.telephone.stop()
        self.done.set()

    async def obey(self, line: bytes) -> None:
        order = json.loads(line)
        number, do = order.pop("id"), order.pop("do")
        try:
            say(id=number, result=await getattr(self, do)(**order))
        except HungUp as over:
            say(id=number, error="HungUp", text=str(over))
        except Exception as error:
            say(id=number, error=type(error).__name__, text=str(error))


async def main() -> None:
    global PROMPT
    logging.basicConfig(level=logging.INFO)
    PROMPT = Path(sys.argv[2]).read_bytes()
    settings = json.loads(sys.argv[1])
    cards = settings.pop("cards", 1)
    phone = Phone(TelephonySettings.model_validate(settings), cards)
    await phone.telephone.start()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    say(event="ready", **await phone.status())
    tasks = set()
    while line := await reader.readline():
        task = asyncio.ensure_future(phone.obey(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.sleep(0)
        if json.loads(line)["do"] == "stop":
            await phone.done.wait()
            break


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    os._exit(0)
