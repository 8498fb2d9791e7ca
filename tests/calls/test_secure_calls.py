"""A call by another library over TLS and SRTP, keys and all, to the whole service."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.support.certificates import Certificates
from tests.support.ports import free_ports
from tests.support.service import Service

pytestmark = pytest.mark.call

PHONE = Path(__file__).parents[1] / "support" / "secure_phone.py"


async def phone(uri: str, keys: str) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PHONE), uri, keys, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    found: dict[str, object] = json.loads(out.splitlines()[-1])
    return found


async def test_a_call_over_tls_and_srtp(tmp_path: Path) -> None:
    tls = Certificates(tmp_path).settings(free_ports(14) + 13)
    service = Service(
        tmp_path,
        {
            "pool": {"workers": 1},
            "sip": {
                "tls": {name: str(value) for name, value in tls.items()} | {"port": tls["port"]},
                "peers": [{"name": "carrier", "networks": ["127.0.0.0/8"], "security": "srtp"}],
            },
        },
    )
    await asyncio.to_thread(service.start)
    try:
        port = tls["port"]
        called = await phone(f"sip:3902@127.0.0.1:{port};transport=tls", "3*9")
        assert called["status"] == 200
        assert called["srtp"] is True
        assert int(str(called["packets"])) > 200
        await asyncio.to_thread(service.until_idle)
        ((source, language, keys, ended_by),) = service.query(
            "SELECT source, language, keys, ended_by FROM calls"
        )
        assert source.startswith("carrier 127.0.0.1:")
        assert source.endswith(";tls")
        assert (language, keys, ended_by) == ("en", 3, "caller")
    finally:
        await asyncio.to_thread(service.stop)
