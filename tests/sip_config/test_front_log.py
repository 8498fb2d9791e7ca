"""What Kamailio says ends up in our log line by line, and never as a line of somebody else's."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from sip_config.front_log import LINES_A_SECOND, FrontLog

pytestmark = pytest.mark.unit


@pytest.fixture
def front_log() -> Iterator[FrontLog]:
    front_log = FrontLog()
    yield front_log
    front_log.close()


def test_lines_keep_their_level_and_lose_what_cannot_be_printed(
    front_log: FrontLog, caplog: pytest.LogCaptureFixture
) -> None:
    kamailio = front_log.open()
    os.write(kamailio, b" 1(77) ERROR: <core> [x.c:1]: message=<INVITE \x1b[31m\x00\r\n")
    os.write(kamailio, b'{"event": "forged"}\n 2(78) NOTICE: <script>: stranger\nnot yet a line')
    with caplog.at_level(logging.DEBUG):
        front_log.pass_on(1.0)
        os.write(kamailio, b", now it is\n")
        front_log.pass_on(1.1)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "Kamailio: <core> [x.c:1]: message=<INVITE  [31m  "),
        ("WARNING", 'Kamailio: {"event": "forged"}'),
        ("INFO", "Kamailio: <script>: stranger"),
        ("WARNING", "Kamailio: not yet a line, now it is"),
    ]
    os.close(kamailio)


def test_a_flood_of_lines_is_counted_instead(
    front_log: FrontLog, caplog: pytest.LogCaptureFixture
) -> None:
    kamailio = front_log.open()
    os.write(kamailio, b" 1(77) ERROR: again\n" * 1000)
    with caplog.at_level(logging.DEBUG):
        front_log.pass_on(1.0)
        front_log.pass_on(2.0)
    assert len(caplog.records) == LINES_A_SECOND + 1
    assert caplog.records[-1].getMessage() == "980 more lines of Kamailio not shown"
    os.close(kamailio)


def test_a_front_that_nobody_reads_is_not_held_up(front_log: FrontLog) -> None:
    kamailio = front_log.open()
    assert sum(os.write(kamailio, b"x" * 4096) for _ in range(4)) == 4 * 4096
    with pytest.raises(BlockingIOError):
        fill(kamailio)
    os.close(kamailio)


def fill(pipe: int) -> None:
    while True:
        os.write(pipe, b"x" * 4096)
