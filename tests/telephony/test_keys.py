"""Reports of the library, written by hand: which of them is a new key."""

from __future__ import annotations

import pytest

from ivr.telephony.keys import IS_END, IS_UPDATE, KeyEvent, KeyPresses

pytestmark = pytest.mark.unit

RTP, INFO = 0, 1


def keys_of(*events: KeyEvent) -> str:
    presses = KeyPresses()
    return "".join(presses.heard(event) or "" for event in events)


def press(key: str, timestamp: int, *durations: int, method: int = RTP) -> list[KeyEvent]:
    """First packet, updates, end; durations in milliseconds."""
    first, *rest = durations
    return [
        KeyEvent(method, key, timestamp, first, 0),
        *(KeyEvent(method, key, timestamp, one, IS_UPDATE) for one in rest),
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


def test_rtp_and_info_are_told_apart() -> None:
    assert keys_of(*press("1", 100, 20), KeyEvent(INFO, "1", 100, 160, IS_END)) == "11"


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


def test_what_is_no_key_is_counted() -> None:
    presses = KeyPresses()
    assert presses.heard(KeyEvent(RTP, "R", 100, 20, 0)) is None
    assert presses.heard(KeyEvent(RTP, "", 200, 20, 0)) is None
    assert presses.unknown == 2
