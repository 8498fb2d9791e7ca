"""What the front relies on in the SIP library of a worker, told by hand-made packets."""

from __future__ import annotations

import re

import pytest

from tests.support.phone_process import PhoneProcess
from tests.support.sip_peer import Peer

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

SHORT = {"From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Supported": "k", "Via": "v"}
SHORTER = {**SHORT, "Session-Expires": "x", "Content-Type": "c", "Content-Length": "l"}


def short(text: str) -> str:
    head, gap, body = text.partition("\r\n\r\n")
    return re.sub(
        r"(?m)^([A-Za-z-]+)(?=:)", lambda header: SHORTER.get(header[1], header[1]), head
    ) + (gap + body)


async def hangs_up(peer: Peer, text: str, ivr: PhoneProcess) -> None:
    peer.to = re.search(r"^To: (.*?)\r$", text, re.M | re.I)[1]  # type: ignore[index]
    peer.contact = re.search(r"^Contact: <(.*?)>", text, re.M | re.I)[1]  # type: ignore[index]
    peer.ack()
    assert (await peer.ask("BYE"))[0] == 200
    peer.close()
    await ivr.free()


async def test_extensions_we_say_we_have_may_be_required(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address)
    headers = "Require: timer, 100rel\r\nSupported: timer, 100rel\r\nSession-Expires: 900\r\n"
    peer.send(peer.message("INVITE", peer.offer(), headers=headers))
    status, text = await peer.response()
    assert status == 200
    assert re.search(r"(?m)^Session-Expires: 900", text)
    await hangs_up(peer, text, ivr)


async def test_short_names_are_read(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address)
    headers = "Supported: timer\r\nSession-Expires: 900;refresher=uac\r\n"
    invite = peer.message("INVITE", peer.offer(), headers=headers).decode()
    assert "\r\nx: 900" in short(invite)
    peer.send(short(invite).encode())
    status, text = await peer.response()
    assert status == 200
    assert re.search(r"(?m)^Session-Expires: 900;refresher=uac", text)
    await hangs_up(peer, text, ivr)


async def test_options_within_a_call_are_answered_by_the_library(ivr: PhoneProcess) -> None:
    """The front makes 200 of its 500, and 481 once it has seen the BYE."""
    peer = Peer(ivr.address)
    status, _ = await peer.invite()
    assert status == 200
    assert (await peer.ask("OPTIONS"))[0] == 500
    ours, peer.to = peer.to, peer.to.replace("tag=", "tag=unheard-of")
    assert (await peer.ask("OPTIONS"))[0] == 481
    peer.to = ours
    assert (await peer.ask("BYE"))[0] == 200
    assert (await peer.ask("OPTIONS"))[0] == 500
    peer.close()
    await ivr.free()


@pytest.mark.parametrize("tag", ["-.!%*_+`'~", "%41", "a%zz"])
async def test_a_tag_may_have_every_character_of_a_token(ivr: PhoneProcess, tag: str) -> None:
    """RFC 3261, 25.1; it comes back as it was sent (8.2.6.2)."""
    peer = Peer(ivr.address)
    peer.tag = tag
    status, text = await peer.invite(ack=False)
    assert status == 200
    assert re.search(r"(?m)^From: .*;tag=(.*?)\r$", text)[1] == tag  # type: ignore[index]
    await hangs_up(peer, text, ivr)
