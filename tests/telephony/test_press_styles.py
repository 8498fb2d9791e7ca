"""What is pressed is heard, whatever the sender makes of it: presses drawn at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialogue.line import KEYS
from ivr.telephony.keys import KeyPresses
from ivr.telephony.press import IS_END, IS_UPDATE, KeyEvent

pytestmark = pytest.mark.unit

RTP, INFO = 0, 1
WRAP = (1 << 32) // 8


class Style(Enum):
    """What a sender does with timestamps."""

    PROPER = auto()  # RFC 4733: one for a press, and the press counts in them
    STANDS_WHILE_DOWN = auto()  # one for a press, and the press does not count
    GROWS = auto()  # each packet has the time it is sent at
    NEW_AT_THE_END = auto()  # the last packets have
    STANDS_STILL = auto()  # one for the whole call


@dataclass(frozen=True)
class Press:
    """A key, how long it is down, how long none is after it; milliseconds."""

    key: str
    down: int
    up: int


@dataclass(frozen=True)
class Sender:
    style: Style
    packet_ms: int
    ends: int
    begins_at: int

    def packets(self, presses: list[Press]) -> Iterator[tuple[int, KeyEvent]]:
        """When each is sent, and what it reports, in milliseconds."""
        now, stamp = 0, self.begins_at
        for press in presses:
            steps = max(1, press.down // self.packet_ms)
            for number in range(1, steps + self.ends + 1):
                end = number > steps
                so_far = min(number, steps) * self.packet_ms
                shift = number * self.packet_ms
                grows = self.style is Style.GROWS or (self.style is Style.NEW_AT_THE_END and end)
                begun = self.begins_at if self.style is Style.STANDS_STILL else stamp
                at = (begun + (shift if grows else 0)) % WRAP
                flags = (IS_UPDATE if number > 1 else 0) | (IS_END if end else 0)
                yield now + shift, KeyEvent(RTP, press.key, at, so_far, flags)
            down = (steps + self.ends) * self.packet_ms
            now += down + press.up
            counted = 0 if self.style is Style.STANDS_WHILE_DOWN else down
            stamp += counted + press.up


def as_the_library_reports(
    packets: Iterator[tuple[int, KeyEvent]],
) -> Iterator[tuple[int, KeyEvent]]:
    """It compares digit and duration alone, and tells an end once."""
    last: KeyEvent | None = None
    ended = False
    for at, event in packets:
        same = last is not None and last.key == event.key and event.duration >= last.duration
        if not same:
            ended = False
        if not (same and ended):
            kept = event.flags & IS_END
            yield at, replace(event, flags=kept | (IS_UPDATE if same else 0))
        last, ended = event, ended or bool(event.flags & IS_END)


def keys_of(packets: Iterator[tuple[int, KeyEvent]]) -> str:
    presses = KeyPresses()
    return "".join(presses.new_key(event, at / 1000) or "" for at, event in packets)


def presses(least_up: int) -> st.SearchStrategy[list[Press]]:
    press = st.builds(
        Press,
        st.sampled_from("55550123456789*#ABCD"),
        st.integers(4, 40).map(lambda steps: steps * 20),
        st.integers(least_up // 20, 30).map(lambda steps: steps * 20),
    )
    return st.lists(press, min_size=1, max_size=12)


def senders(*styles: Style) -> st.SearchStrategy[Sender]:
    return st.builds(
        Sender,
        st.sampled_from(styles),
        st.sampled_from([10, 20, 40]),
        st.integers(0, 3),
        st.sampled_from([0, 1234, WRAP - 500]),
    )


@settings(max_examples=100, deadline=None)
@given(senders(*Style), presses(60), st.booleans())
def test_what_is_pressed_is_heard(sender: Sender, pressed: list[Press], library: bool) -> None:
    packets = sender.packets(pressed)
    expected = "".join(press.key for press in pressed)
    assert keys_of(as_the_library_reports(packets) if library else packets) == expected


@settings(max_examples=100, deadline=None)
@given(
    senders(Style.PROPER, Style.STANDS_WHILE_DOWN),
    presses(60),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=12, max_size=12),
)
def test_lost_packets_lose_no_key_of_a_sender_that_keeps_the_timestamp(
    sender: Sender, pressed: list[Press], lost: list[tuple[int, int]]
) -> None:
    """The first so many and the last so many of each press but the first are lost."""
    packets = list(replace(sender, ends=3).packets(pressed))
    kept: list[tuple[int, KeyEvent]] = []
    begins = 0
    for number, press in enumerate(pressed):
        length = max(1, press.down // sender.packet_ms) + 3
        first, last = lost[number % len(lost)] if number else (0, 0)
        last = min(last, length - first - 1)
        kept += packets[begins + min(first, length - 2) : begins + length - last]
        begins += length
    assert keys_of(iter(kept)) == "".join(press.key for press in pressed)


@settings(max_examples=100, deadline=None)
@given(senders(*Style), presses(140), st.lists(st.integers(-60, 400), min_size=12, max_size=12))
def test_a_press_that_is_told_by_info_too_is_one(
    sender: Sender, pressed: list[Press], when: list[int]
) -> None:
    """The INFO comes up to 60 ms before the first packet and up to 400 ms after the last."""
    events = list(sender.packets(pressed))
    begins, by_info = 0, list[tuple[int, KeyEvent]]()
    for number, press in enumerate(pressed):
        length = max(1, press.down // sender.packet_ms) + sender.ends
        first, last = events[begins][0], events[begins + length - 1][0]
        shift = when[number]
        at = first + shift if shift < 0 else last + shift
        by_info.append((at, KeyEvent(INFO, press.key, 0, 160, IS_END)))
        begins += length
    mixed = sorted([*events, *by_info], key=lambda report: report[0])
    keys = keys_of(iter(mixed))
    assert sorted(keys) == sorted(press.key for press in pressed)


def test_the_keys_are_those_of_the_line() -> None:
    assert all(keys_of(iter([(0, KeyEvent(RTP, key, 0, 20, 0))])) == key for key in KEYS)
