"""Log lines for people: one an event, without what only programs want."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from ivr.observe.log_format import LogFormat
from ivr.observe.log_lines import SIP_LIBRARY
from ivr.observe.logs import bind_worker, configure_logs

pytestmark = pytest.mark.unit


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before, level
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def written(level: str, stream: StringIO, format: LogFormat = LogFormat.AUTO) -> list[str]:
    """What is written of the same events."""
    configure_logs(level=level, format=format, node="hk1", stream=stream)
    bind_worker(2, 4711)
    structlog.get_logger("ivr.node.worker").info("worker ready", lines=4, why="two words")
    logging.getLogger("ivr.telephony.telephone").info("SIP on %s", "127.0.0.1:5072")
    logging.getLogger("alembic.runtime").info("Running upgrade")
    logging.getLogger("asyncio").warning("slow callback")
    logging.getLogger(SIP_LIBRARY).error("sip library: bind() error: Address in use")
    try:
        raise ValueError("the reason")
    except ValueError:
        structlog.get_logger("ivr.call").exception("it failed")
    return stream.getvalue().splitlines()


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def test_a_terminal_has_one_line_an_event_for_people() -> None:
    lines = plain(written("INFO", Terminal()))
    ready, sip, slow, failed = lines
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d info     worker ready lines=4 why='two words' worker=2", ready
    )
    assert "SIP on 127.0.0.1:5072" in sip
    assert "slow callback" in slow
    assert "it failed" in failed
    assert "ValueError: the reason" in failed
    assert "test_log_lines.py" in failed
    assert not any(word in "".join(lines) for word in ("hk1", "4711", "alembic", "sip library"))


def test_a_terminal_has_colours() -> None:
    assert all("\x1b[" in line for line in written("INFO", Terminal()))


def test_at_debug_a_terminal_has_everything() -> None:
    text = "\n".join(plain(written("DEBUG", Terminal())))
    for word in ("hk1", "4711", "Running upgrade", "sip library: bind()", "Traceback"):
        assert word in text


@pytest.mark.parametrize("format", [LogFormat.AUTO, LogFormat.JSON])
def test_a_pipe_has_json_with_everything(format: LogFormat) -> None:
    lines = written("INFO", StringIO(), format)
    assert len(lines) == 6
    assert all(line.startswith("{") and '"node": "hk1"' in line for line in lines)
    assert any("sip library: bind()" in line for line in lines)
    assert any("Traceback" in line for line in lines)


def test_a_setting_decides_otherwise() -> None:
    assert all(line.startswith("{") for line in written("INFO", Terminal(), LogFormat.JSON))


def test_for_people_in_a_pipe_without_colours() -> None:
    lines = written("INFO", StringIO(), LogFormat.CONSOLE)
    assert len(lines) == 4
    assert "\x1b" not in "".join(lines)
