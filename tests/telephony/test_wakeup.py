"""What wakes the thread of the line cards: work, and packets of SIP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from ivr.telephony.library.wakeup import Wakeup

pytestmark = pytest.mark.unit

LONG_S = 30.0


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    wakeup = Wakeup()
    yield wakeup
    wakeup.close()


@pytest.fixture
def sip() -> Iterator[socket.socket]:
    """A socket as the library has it: one that never waits."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def waited(wakeup: Wakeup) -> float:
    began = time.monotonic()
    wakeup.wait(LONG_S)
    return time.monotonic() - began


def test_it_is_heard_during_the_wait_and_before_it(wakeup: Wakeup) -> None:
    began = time.monotonic()
    threading.Timer(0.1, wakeup.wake).start()
    assert waited(wakeup) < LONG_S / 2
    assert time.monotonic() - began > 0.09  # not before it was rung
    wakeup.wake()
    wakeup.wake()
    assert waited(wakeup) < LONG_S / 2  # rung twice, heard once
    began = time.monotonic()
    wakeup.wait(0.1)
    assert time.monotonic() - began > 0.09


def test_a_packet_ends_the_wait_and_the_socket_stays_one_that_never_waits(
    wakeup: Wakeup, sip: socket.socket
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        wakeup.watch([sip.getsockname()])
        with pytest.raises(BlockingIOError):
            sip.recv(100)
        sender = threading.Timer(0.1, other.sendto, (b"OPTIONS", sip.getsockname()))
        began = time.monotonic()
        sender.start()
        assert waited(wakeup) < LONG_S / 2
        assert time.monotonic() - began > 0.09
        assert sip.recv(100) == b"OPTIONS"
        other.sendto(b"not for us", other.getsockname())
        began = time.monotonic()
        wakeup.wait(0.1)
        assert time.monotonic() - began > 0.09
