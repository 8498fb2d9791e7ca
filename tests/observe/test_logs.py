"""No secret and no forged line gets into the log."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ivr.observe.log_format import LogFormat
from ivr.observe.log_privacy import MASK, EscapeControl, MaskSecrets, escape_control, is_secret
from ivr.observe.logs import bind_worker, call_in_logs, configure_logs

pytestmark = pytest.mark.unit


class Log(io.StringIO):
    """What was logged."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, config = list(root.handlers), root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)


@pytest.fixture
def log(logging_restored: None) -> Log:
    log = Log()
    configure_logs(level="INFO", format=LogFormat.JSON, node="hk1", stream=log)
    return log


def test_every_line_names_node_worker_and_call(log: Log) -> None:
    bind_worker(slot=2, pid=4711)
    with call_in_logs("call-1"):
        structlog.get_logger("ivr.test").info("answered", codec="PCMA")
        logging.getLogger("aiohttp.client").warning("slow %s", "answer")
    structlog.get_logger().info("idle")
    first, second, third = log.lines()
    for line in (first, second):
        assert (line["node"], line["worker"], line["pid"], line["call_id"]) == (
            "hk1",
            2,
            4711,
            "call-1",
        )
    assert (first["event"], first["codec"], first["level"]) == ("answered", "PCMA", "info")
    assert (second["event"], second["level"], second["logger"]) == (
        "slow answer",
        "warning",
        "aiohttp.client",
    )
    assert "call_id" not in third
    assert first["timestamp"].endswith("Z")


async def test_calls_side_by_side_keep_their_own_name(log: Log) -> None:
    async def call(name: str) -> None:
        with call_in_logs(name):
            await asyncio.sleep(0)
            structlog.get_logger().info("step", expected=name)

    await asyncio.gather(*(call(f"call-{n}") for n in range(5)))
    assert all(line["call_id"] == line["expected"] for line in log.lines())


@pytest.mark.parametrize(
    "key",
    [
        *("pin", "PIN", "driver_pin", "driverPin", "code", "one_time_code", "session", "seed"),
        *("session_token", "authorization", "Proxy-Authorization", "api_key", "apiKey"),
        *("x-api-key", "password", "db_password", "otp", "secret", "cookie", "private_key"),
    ],
)
def test_secrets_are_masked_by_name_at_any_depth(log: Log, key: str) -> None:
    structlog.get_logger().info("login", **{key: "739184"}, outer=[{"inner": {key: 739184}}])
    assert "739184" not in log.getvalue()
    assert log.lines()[0][key] == MASK


@pytest.mark.parametrize("key", ["sip_code", "status_code", "codec", "spinning", "keys", "encode"])
def test_harmless_names_are_shown(key: str) -> None:
    assert not is_secret(key)


@pytest.mark.parametrize(
    "text",
    [
        "GET /x Authorization: Bearer 739184",
        "connect postgresql://ivr:739184@db/records failed",
        "pin=739184",
        "{'pin': '739184'}",
        '{"code": "739184"}',
        "token: 739184, user",
        'Authorization: Digest username="x", response="739184"',
    ],
)
def test_secrets_in_the_text_of_libraries_are_hidden(log: Log, text: str) -> None:
    logging.getLogger("library").error("%s", text)
    structlog.get_logger().error("failed", why=text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        structlog.get_logger().exception("failed")
    assert "739184" not in log.getvalue()
    assert len(log.lines()) == 3


def test_personal_numbers_are_shown_by_their_end(log: Log) -> None:
    structlog.get_logger().info(
        "call", caller="+85291234567", user_id="12345678", driver="******678", vehicle="AB1234"
    )
    (line,) = log.lines()
    assert (line["caller"], line["user_id"]) == ("******4567", "******678")
    assert (line["driver"], line["vehicle"]) == ("******678", "******34")


HOSTILE = 'a\r\n{"event": "forged"}\x1b[31m\u2028\u202e\x9b2J\x00\u200b\ud800'


@pytest.mark.parametrize("format", [LogFormat.JSON, LogFormat.CONSOLE])
def test_a_peer_cannot_forge_a_line_or_command_a_terminal(
    logging_restored: None, format: LogFormat
) -> None:
    log = Log()
    configure_logs(format=format, stream=log)
    structlog.get_logger().info(HOSTILE, source=HOSTILE, headers={HOSTILE: [HOSTILE]})
    logging.getLogger("sip").warning("from %s", HOSTILE)
    text = log.getvalue()
    assert text.count("\n") == len(text.splitlines()) == 2
    assert not any(character in text for character in "\r\x1b\u2028\u202e\x9b\x00\u200b\ud800")
    if format is LogFormat.JSON:
        assert [line["event"].startswith("a\\x0d\\x0a") for line in log.lines()] == [True, False]


@pytest.mark.parametrize("format", [LogFormat.JSON, LogFormat.CONSOLE])
def test_a_traceback_keeps_its_lines_but_none_that_looks_like_a_log_line(
    logging_restored: None, format: LogFormat
) -> None:
    log = Log()
    configure_logs(format=format, stream=log)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        structlog.get_logger().exception("failed")
    text = log.getvalue()
    assert "\x1b" not in text
    if format is LogFormat.CONSOLE:
        first, *rest = text.splitlines()
        assert "failed" in first
        assert all(line.startswith("  | ") for line in rest)
    else:
        assert "\n  | ValueError" in log.lines()[0]["exception"]


def test_chinese_stays_readable(log: Log) -> None:
    structlog.get_logger().info("said", text="多謝，再見 Ω")
    assert "多謝，再見 Ω" in log.getvalue()


def test_what_is_below_the_level_is_not_written(log: Log) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("x").debug("detail")
    assert log.getvalue() == ""


@given(st.text())
def test_escaped_text_is_one_printable_line(text: str) -> None:
    assert len(("x" + escape_control(text)).splitlines()) == 1
    escape_control(text).encode("utf-8")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values))
def test_any_event_becomes_a_line(event: dict[str, Any]) -> None:
    event = dict(EscapeControl()(None, "info", MaskSecrets()(None, "info", event)))
    assert "\n" not in json.dumps(event, ensure_ascii=False)
