"""What another thread tells the event loop arrives whole and in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivr.telephony.outbox import Outbox

pytestmark = pytest.mark.unit


async def test_nothing_is_called_before_it_is_sent() -> None:
    called: list[int] = []
    outbox = Outbox(asyncio.get_running_loop())
    outbox.put(called.append, 1)
    outbox.put(called.append, 2)
    await asyncio.sleep(0.01)
    assert called == []
    await asyncio.to_thread(outbox.send)
    outbox.put(called.append, 3)
    await asyncio.sleep(0.01)
    assert called == [1, 2]


async def test_what_fails_is_said_and_does_not_hold_up_the_rest() -> None:
    loop, called, reported = asyncio.get_running_loop(), list[str](), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: reported.append(context))
    outbox = Outbox(loop)
    outbox.put(lambda: 1 / 0)
    outbox.put(called.append, "the rest")
    outbox.send()
    await asyncio.sleep(0.01)
    assert called == ["the rest"]
    assert isinstance(reported[0]["exception"], ZeroDivisionError)


def test_an_event_loop_that_is_gone_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    outbox = Outbox(loop)
    outbox.put(print)
    loop.close()
    outbox.send()
    assert "after the event loop was closed" in caplog.text
