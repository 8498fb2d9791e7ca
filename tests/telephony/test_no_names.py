"""No copy of the SIP library in a worker can look a name up, whatever makes it want to."""

from __future__ import annotations

import asyncio
import ctypes
import re
import secrets
import socket

import pytest

from ivr.telephony.library.binding import binding
from tests.support.phone_process import PhoneProcess
from tests.support.sip_peer import Peer

NAME = "localhost"


class PjText(ctypes.Structure):
    """`pj_str_t`."""

    _fields_ = (("text", ctypes.c_char_p), ("length", ctypes.c_ssize_t))


def found_by(functions: ctypes.PyDLL, host: str) -> bool:
    """Whether the library finds an address for a host, by each of its two ways."""
    name = PjText(host.encode(), len(host))
    room = ctypes.create_string_buffer(4096)
    count = ctypes.c_uint(1)
    family = ctypes.c_ushort.in_dll(functions, "PJ_AF_INET").value
    by_address = functions.pj_getaddrinfo(family, ctypes.byref(name), ctypes.byref(count), room)
    by_host = functions.pj_gethostbyname(ctypes.byref(name), room)
    assert (by_address == 0) or by_host != 0
    return bool(by_address == 0)


@pytest.mark.unit
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_copy_reads_addresses_and_finds_no_names(number: int) -> None:
    assert socket.getaddrinfo(NAME, None, socket.AF_INET)  # it is a name that exists
    functions = binding(number).c
    assert found_by(functions, "127.0.0.1")
    for name in (NAME, socket.gethostname(), "slow.example.org", "127.0.1.example"):
        assert not found_by(functions, name)


def heard_at_home(media: socket.socket) -> bool:
    try:
        return bool(media.recv(2048))
    except BlockingIOError:
        return False


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c=IN IP4 127.0.0.1", f"c=IN IP4 {NAME}"),
        ("t=0 0\r\n", f"t=0 0\r\na=rtcp:9 IN IP4 {NAME}\r\n"),
        ("a=ptime", f"c=IN IP4 {NAME}\r\na=ptime"),
    ],
)
async def test_a_name_in_the_answer_of_an_ack_leads_nowhere(
    ivr: PhoneProcess, old: str, new: str
) -> None:
    """Past the front, straight to the worker: our offer is in the 200, their answer in the ACK."""
    ivr.log = b""
    peer = Peer(ivr.address)
    peer.send(peer.message("INVITE"))
    status, text = await peer.response()
    assert status == 200
    peer.to = re.search(r"^To: (.*?)\r$", text, re.M | re.I)[1]  # type: ignore[index]
    peer.contact = re.search(r"^Contact: <(.*?)>", text, re.M | re.I)[1]  # type: ignore[index]
    answer = peer.offer().replace(old, new)
    assert NAME in answer
    peer.send(peer.message("ACK", answer, branch="z9hG4bK" + secrets.token_hex(6)))
    if old != "t=0 0\r\n":
        peer.agree(await peer.request("BYE", 5.0))
        ended = await ivr.event("ended")
        assert not heard_at_home(peer.media)
        assert ended["media"]["sent"]["packets"] == 0
        peer.close()
    else:
        await asyncio.sleep(0.3)
        assert (await peer.ask("BYE"))[0] in (200, 481)
        peer.close()
    await ivr.free()
