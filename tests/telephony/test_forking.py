"""A supervisor imports everything, forks, and each worker starts a library of its own."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.support.pace import limit

pytestmark = pytest.mark.call

FORKED = """
import asyncio, os
from ivr.telephony.errors import EndpointFailed
from ivr.telephony.settings import TelephonySettings
from ivr.telephony.telephone import Telephone
from tests.support.pace import limit

async def live(port):
    settings = TelephonySettings(rtp_port_first=0)
    telephone = Telephone(settings)
    await telephone.start()
    assert telephone.capacity >= 4 and telephone.active_calls == 0
    try:
        await Telephone(settings).start()
    except EndpointFailed as error:
        assert "already runs" in str(error)
    else:
        raise AssertionError("a second endpoint was started")
    await telephone.stop()
    try:
        await Telephone(settings.model_copy(update={"sip_port": port})).start()
    except EndpointFailed as error:
        assert str(port) in str(error)
    else:
        raise AssertionError("a port was taken twice")

children = []
for _ in range(2):
    pid = os.fork()
    if not pid:
        asyncio.run(live(PORT))
        os._exit(0)
    children.append(pid)
assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
asyncio.run(live(PORT))
os._exit(0)
"""


def test_workers_are_forked_after_the_import_and_start_their_own_library() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        script = FORKED.replace("PORT", str(taken.getsockname()[1]))
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            timeout=limit(30),
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
