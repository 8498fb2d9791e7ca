"""The client of the docs, as a shipper's programmer runs it; the examples beside it are valid."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest
import xmlschema
from jsonschema import Draft202012Validator

from rocars.secrets.key_ring import Role
from rocars.systems.messages import XML_EXAMPLE, MessageData
from rocars.systems.settings import SystemSettings
from tests.rocars.conftest import World
from tests.rocars.systems.conftest import CLIENT, System, system_of
from tests.support.pace import limit

pytestmark = pytest.mark.service


def started(system: System, **environment: str) -> dict[str, str]:
    url = system.world.running.base_url
    return os.environ | {"ROCARS_URL": url, "ROCARS_KEY": system.key, **environment}


async def run(system: System, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CLIENT / "rocars_client.py"), *words),
        env=started(system),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(limit(30)):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("suffix", [".json", ".xml"])
async def test_it_sends_reads_and_receives(small_world: World, tmp_path: Path, suffix: str) -> None:
    system = await system_of(small_world)
    example = (CLIENT / f"message{suffix}").read_text(encoding="utf-8")
    file = tmp_path / f"message{suffix}"
    day = small_world.clock().date().isoformat()
    file.write_text(example.replace("2010-05-18", day), encoding="utf-8")
    receiver = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CLIENT / "rocars_client.py"), "receive", "0"),
        env=started(system),
        stdout=asyncio.subprocess.PIPE,
    )
    assert receiver.stdout is not None
    try:
        async with asyncio.timeout(limit(30)):
            port = int((await receiver.stdout.readline()).split()[-1])
        await receive_at(small_world, port)
        status, out, err = await run(system, "send", str(file))
        assert (status, err) == (0, "")
        message = out.partition(":")[0]
        status, out, err = await run(system, "result", message)
        assert (status, err) == (0, "")
        lodged, asked = out.splitlines()
        assert re.fullmatch(r"1\tlodge\tPO-77\t[0-9]{13}\tdone\t\t", lodged)
        assert asked == "2\tquery\t\t4018834520024\trefused\t\tunknown_ccrn"
        async with asyncio.timeout(limit(30)):
            pushed = [(await receiver.stdout.readline()).decode() for _ in range(2)]
        assert "".join(pushed) == out
    finally:
        receiver.kill()
        await receiver.wait()


async def receive_at(world: World, port: int) -> None:
    path = "/v1/companies/BR-1/push-address"
    reply = await world.ask("PUT", path, {"url": f"http://127.0.0.1:{port}/"}, role=Role.ADMIN)
    assert reply.status == 200, reply.body


async def test_it_says_what_was_refused(small_world: World, tmp_path: Path) -> None:
    system = await system_of(small_world, rights=["read"])
    file = tmp_path / "message.json"
    file.write_text(json.dumps({"orders": [system.lodge()]}))
    status, _, err = await run(system, "send", str(file))
    assert status == 1
    assert "right_missing" in err


def test_the_examples_are_as_described() -> None:
    example = json.loads((CLIENT / "message.json").read_text(encoding="utf-8"))
    schema = MessageData.model_json_schema()
    Draft202012Validator(schema).validate(example)
    for given in schema["examples"]:
        Draft202012Validator(schema).validate(given)
        MessageData.model_validate(given)
    xml = xmlschema.XMLSchema(str(CLIENT.parent / "message.xsd"))
    xml.validate(str(CLIENT / "message.xml"))
    xml.validate(XML_EXAMPLE)
    schema_text = (CLIENT.parent / "message.xsd").read_text(encoding="utf-8")
    assert f'maxOccurs="{SystemSettings().max_orders}"' in schema_text
