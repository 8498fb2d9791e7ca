"""Telephones for the call tests."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.phone_process import PHONE, PhoneProcess, StartPhone, prompt


@pytest.fixture(scope="session")
def prompt_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prompt") / "prompt.pcm"
    path.write_bytes(prompt().tobytes())
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def start_phone(prompt_path: Path) -> AsyncIterator[StartPhone]:
    """Start a telephone with these settings; each must stop cleanly, with status 0."""
    phones: list[PhoneProcess] = []

    async def start(**settings: Any) -> PhoneProcess:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PHONE),
            json.dumps({"rtp_port_first": 0, **settings}),
            str(prompt_path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        phone = PhoneProcess(process)
        phones.append(phone)
        ready = await phone.event("ready", within_s=20)
        phone.addresses = [(host, port) for host, port in ready["addresses"]]
        return phone

    yield start
    statuses = await asyncio.gather(*(phone.close() for phone in phones))
    assert statuses == [0] * len(phones), b"".join(phone.log for phone in phones).decode()[-5000:]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def answering(start_phone: StartPhone) -> PhoneProcess:
    return await start_phone()


@pytest.fixture
def ivr(answering: PhoneProcess) -> PhoneProcess:
    """The answering side, one for all tests of a module."""
    answering.events.clear()
    return answering


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(start_phone: StartPhone) -> PhoneProcess:
    """The calling side, one for all tests of a module."""
    return await start_phone()
