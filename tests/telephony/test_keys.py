"""Reports of the library, written by hand: which of them is a new key."""

from __future__ import annotations

import pytest

from ivr.telephony.keys import TWIN_S, KeyPresses
from ivr.telephony.press import IS_END, IS_UPDATE, KeyEvent

pytestmark = pytest.mark.unit

RTP, INFO = 0, 1


def keys_of(*events: KeyEvent | float) -> str:
    """The keys heard of these reports, 20 ms apart; a number is a pause in seconds."""
    presses, now, keys = KeyPresses(), 0.0, ""
    for event in events:
        now += event if isinstance(event, float) else 0.02
        keys += "" if isinstance(event, float) else presses.new_key(event, now) or ""
    return keys


def press(key: str, timestamp: int, *durations: int, method: int = RTP) -> list[KeyEvent]:
    """First packet, updates, end; durations in milliseconds."""
    first, *rest = durations
    return [
        KeyEvent(method, key, timestamp, first, 0),
        *(KeyEvent(method, key, timestamp, length, IS_UPDATE) for length in rest),
        KeyEvent(method, key, timestamp, durations[-1], IS_UPDATE | IS_END),
    ]


def test_one_press_is_one_key_however_many_packets() -> None:
    assert keys_of(*press("5", 100, 20, 40, 60), *press("5", 100, 60)) == "5"


def test_the_same_key_twice() -> None:
    assert keys_of(*press("5", 100, 20, 40), *press("5", 400, 20, 40)) == "55"


def test_a_second_press_whose_first_packets_were_lost_is_an_update_with_a_new_timestamp() -> None:
    second = press("9", 400, 20, 40, 60, 80)[3:]
    assert all(event.flags & IS_UPDATE for event in second)
    assert keys_of(*press("9", 100, 20, 40), *second) == "99"


def test_only_the_end_of_a_press_is_a_key() -> None:
    assert keys_of(KeyEvent(RTP, "4", 100, 80, IS_END)) == "4"


def test_another_key_at_the_same_time_is_another_key() -> None:
    assert keys_of(*press("1", 100, 20), *press("2", 100, 20), *press("1", 100, 20)) == "121"


def info(key: str) -> KeyEvent:
    return KeyEvent(INFO, key, 100, 160, IS_END)


def test_a_press_that_comes_both_ways_is_one_key() -> None:
    events = press("1", 100, 20, 40, 60)
    for at in range(len(events) + 1):
        assert keys_of(*events[:at], info("1"), *events[at:]) == "1"
    twice = [*events, *press("1", 400, 20, 40)]
    assert keys_of(*twice, info("1"), info("1")) == "11"
    assert keys_of(info("1"), info("1"), *twice) == "11"


def test_a_long_press_is_told_by_info_when_the_key_is_let_go() -> None:
    held = press("1", 100, *range(20, 3000, 20))
    assert keys_of(*held, 0.4, info("1")) == "1"


def test_the_two_ways_are_two_keys_when_far_apart_or_different() -> None:
    assert keys_of(*press("1", 100, 20), TWIN_S + 0.1, info("1")) == "11"
    assert keys_of(*press("1", 100, 20), info("2")) == "12"


def test_each_info_is_a_key() -> None:
    assert keys_of(*[info("5")] * 8) == "5" * 8


@pytest.mark.parametrize("step", [10, 20, 30, 50])
def test_timestamps_that_go_on_within_a_press(step: int) -> None:
    def growing(begin: int) -> list[KeyEvent]:
        steps = [
            KeyEvent(RTP, "5", begin + step * at, step * (at + 1), IS_UPDATE if at else 0)
            for at in range(6)
        ]
        last = steps[-1]
        return steps + [
            KeyEvent(RTP, "5", last.timestamp + step * at, last.duration, IS_UPDATE | IS_END)
            for at in range(1, 4)
        ]

    assert keys_of(*growing(1000)) == "5"
    assert keys_of(*growing(1000)[::2]) == "5"  # every other packet lost
    assert keys_of(*growing(1000), 0.2, *growing(3000)) == "55"


def test_end_packets_alone_with_timestamps_that_go_on() -> None:
    last = [KeyEvent(RTP, "5", 240 + 20 * at, 140, IS_END) for at in range(3)]
    assert keys_of(*press("5", 100, 20, 80, 140)[:-1], *last) == "5"


def test_a_timestamp_that_stands_still() -> None:
    press_of_5 = press("5", 100, 20, 40, 60)
    assert keys_of(*press_of_5, 0.1, *press_of_5, 0.1, *press_of_5) == "555"
    late = KeyEvent(RTP, "5", 100, 40, 0)
    assert keys_of(*press_of_5, late) == "5"  # merely out of order
    unended = press_of_5[:-1]
    assert keys_of(*unended, 0.06, *unended, 0.06, *press_of_5) == "555"


@pytest.mark.parametrize("full_field", [8191, 8192])
def test_a_press_beyond_the_duration_field_goes_on_in_a_new_segment(full_field: int) -> None:
    begun = [KeyEvent(RTP, "8", 100, 20, 0), KeyEvent(RTP, "8", 100, full_field, IS_UPDATE)]
    assert keys_of(*begun, *press("8", 100 + full_field, 20, 40)) == "8"
    ended = [*begun, KeyEvent(RTP, "8", 100, full_field, IS_UPDATE | IS_END)]
    assert keys_of(*ended, *press("8", 100 + full_field, 20, 40)) == "88"


def test_a_segment_across_the_wrap_of_the_timestamp() -> None:
    wrap = (1 << 32) // 8
    begun = KeyEvent(RTP, "8", wrap - 100, 20, 0)
    assert keys_of(begun, *press("8", (wrap - 100 + 8191) % wrap, 20)) == "8"


def reported(key: str, begun_ms: int, now: float) -> list[tuple[float, KeyEvent]]:
    """What is reported of a key of the library's own, as recorded on a busy machine: 200 ms, two
    packets at a time, its end once."""
    return [
        (
            now + 0.04 * ((step + 1) // 2),
            KeyEvent(
                *(RTP, key, begun_ms, 20 * (step + 1)),
                (IS_UPDATE if step else 0) | (IS_END if step == 9 else 0),
            ),
        )
        for step in range(10)
    ]


@pytest.mark.parametrize("apart_ms", [240, 260, 280, 320])
def test_fast_keys_of_our_own_caller(apart_ms: int) -> None:
    """280 ms apart they are pressed; 240 when the caller was late, and the next one waited."""
    presses, keys = KeyPresses(), ""
    for number, key in enumerate("66896995" + "60000001"):
        begun = 40 + number * apart_ms
        for now, event in reported(key, begun, 13677.741 + begun / 1000):
            keys += presses.new_key(event, now) or ""
    assert keys == "6689699560000001"


def test_keys_of_a_sender_whose_timestamps_stand_still_while_a_key_is_down() -> None:
    """Each packet has the timestamp of the first, and the press is not counted in the next one's:
    by them two presses are no further apart than the sound in between is long."""
    begun, events = 1000, list[KeyEvent | float]()
    for _ in range(6):
        events += press("0", begun, *range(20, 201, 20))
        events += [0.06]
        begun += 60
    assert keys_of(*events) == "0" * 6
    assert keys_of(*events, *press("1", begun, 20, 40)) == "0" * 6 + "1"


def test_a_sender_is_known_by_its_first_press() -> None:
    """By what it does within it: afterwards timestamps a packet apart are two presses, or one."""
    assert keys_of(*press("5", 100, 20, 40), *press("5", 140, 20, 40)) == "55"
    growing = [KeyEvent(RTP, "5", 100 + 20 * at, 20 * (at + 1), 0) for at in range(5)]
    assert keys_of(*growing, 0.2, *growing[:1]) == "55"


def test_another_sender_may_take_over() -> None:
    presses = KeyPresses()
    now, keys = 0.0, ""
    for event in press("5", 100, 20, 40, 60):
        keys += presses.new_key(event, now) or ""
        now += 0.02
    presses.other_sender()
    for at in range(6):
        event = KeyEvent(RTP, "6", 5000 + 30 * at, 20 * (at + 1), 0)
        keys += presses.new_key(event, now) or ""
        now += 0.02
    assert keys == "56"


def test_what_is_no_key_is_counted() -> None:
    presses = KeyPresses()
    assert presses.new_key(KeyEvent(RTP, "R", 100, 20, 0), 0.0) is None
    assert presses.new_key(KeyEvent(RTP, "", 200, 20, 0), 0.1) is None
    assert presses.unknown == 2
