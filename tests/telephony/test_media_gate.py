"""Whose RTP is heard, and where ours goes: what is agreed counts."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address

import pytest

from ivr.telephony.library.media_gate import _addresses_of
from ivr.telephony.library.packet_filter import (
    SO_ATTACH_FILTER,
    attach,
    let_everybody_in,
    only_from,
    share_port,
)
from tests.support.phone_process import PhoneProcess
from tests.support.sip_peer import Peer, rtp, telephone_event

ANOTHER = "127.0.0.2"


def bound(host: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.setblocking(False)
    return sock


def got(sock: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(sock.recv(2048))
        except BlockingIOError:
            return found


@pytest.mark.unit
def test_the_kernel_lets_the_agreed_sender_in() -> None:
    with bound() as ours, bound() as agreed, bound() as left, bound(ANOTHER) as stranger:
        home, (_, port) = IPv4Address("127.0.0.1"), agreed.getsockname()
        old = left.getsockname()[1]

        def received() -> list[bytes]:
            for word, sock in ((b"agreed", agreed), (b"left", left), (b"stranger", stranger)):
                sock.sendto(word, ours.getsockname())
            return got(ours)

        assert received() == [b"agreed", b"left", b"stranger"]
        attach(ours.fileno(), SO_ATTACH_FILTER, only_from([home]))
        assert received() == [b"agreed", b"left"]
        attach(ours.fileno(), SO_ATTACH_FILTER, only_from([home], but_ports={old, 9, 11}))
        assert received() == [b"agreed"]
        attach(ours.fileno(), SO_ATTACH_FILTER, only_from([home], port))
        assert received() == [b"agreed"]
        attach(ours.fileno(), SO_ATTACH_FILTER, only_from([IPv4Address(ANOTHER)]))
        assert received() == [b"stranger"]
        both = [home, IPv4Address(ANOTHER)]
        attach(ours.fileno(), SO_ATTACH_FILTER, only_from(both, but_ports={old}))
        assert received() == [b"agreed", b"stranger"]
        let_everybody_in(ours.fileno())
        let_everybody_in(ours.fileno())
        assert len(received()) == 3


@pytest.mark.unit
def test_a_telephone_on_this_machine_may_come_over_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        try:
            route.connect(("192.0.2.1", 9))  # sends nothing; tells which address we have there
        except OSError:
            pytest.skip("this machine has no address but its own")
        own = IPv4Address(route.getsockname()[0])
    assert set(_addresses_of(own)) == {own, IPv4Address("127.0.0.1")}
    for host in map(IPv4Address, ("192.0.2.7", "127.0.0.1", ANOTHER)):
        assert _addresses_of(host) == (host,)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("number", "payload", "stray"),
    [
        (101, telephone_event("5", False, 160), False),
        (96, telephone_event("5", False, 160), True),
        (127, telephone_event("5", True, 160), True),
        (95, telephone_event("5", False, 160), False),
        (8, b"\xd5" * 160, False),
        (96, b"\xd5" * 160, False),
        (96, b"\xd5" * 3, False),
    ],
)
def test_the_kernel_parts_events_of_other_numbers_from_the_rest(
    number: int, payload: bytes, stray: bool
) -> None:
    with bound() as ours, share_port(ours.fileno(), 101) as second, bound() as peer:
        for marker in (0, 1):
            peer.sendto(rtp(number, 1, 160, payload, marker), ours.getsockname())
        assert (len(got(ours)), len(got(second))) == ((0, 2) if stray else (2, 0))


@pytest.mark.unit
def test_a_port_that_is_taken_stays_taken() -> None:
    with bound() as ours, share_port(ours.fileno(), -1), bound(ANOTHER) as other:
        other.close()
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as third,
            pytest.raises(OSError, match="in use"),
        ):
            third.bind(ours.getsockname())


async def sends_to(sock: socket.socket, seconds: float = 0.3) -> int:
    """Packets that come to this socket within so long."""
    got(sock)
    await asyncio.sleep(seconds)
    return len(got(sock))


def press_from(sock: socket.socket, peer: Peer, key: str) -> None:
    peer.timestamp += 4000
    for number in range(12):
        peer.sequence += 1
        event = telephone_event(key, number > 8, 160 * min(number + 1, 9))
        sock.sendto(
            rtp(101, peer.sequence, peer.timestamp, event, int(number == 0)), peer.remote_media
        )


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
async def test_keys_of_another_address_are_nobodys(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address)
    assert (await peer.invite())[0] == 200
    with bound(ANOTHER) as stranger, bound() as beside:
        press_from(stranger, peer, "1")
        await peer.silence(0.6)
        await peer.press("5")
        press_from(stranger, peer, "2")
        press_from(beside, peer, "3")  # from the address, not from the port that is heard
        await peer.silence(0.1)
        await ivr.hears("5")
        assert await sends_to(stranger) + await sends_to(beside) == 0
        assert await sends_to(peer.media) > 5
    await peer.ask("BYE")
    peer.close()
    await ivr.free()


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
async def test_who_sends_from_another_port_than_they_listen_on_is_heard_and_hears(
    ivr: PhoneProcess,
) -> None:
    peer = Peer(ivr.address)
    assert (await peer.invite())[0] == 200
    listens, peer.media = peer.media, bound()
    await peer.silence(0.5)
    await peer.press("7")
    await peer.silence(0.1)
    await ivr.hears("7")
    assert await sends_to(listens) > 5
    assert await sends_to(peer.media) == 0
    await peer.ask("BYE")
    listens.close()
    peer.close()
    await ivr.free()


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("host", ["127.0.0.1", ANOTHER])
async def test_late_packets_of_the_old_port_do_not_pull_sound_back(
    ivr: PhoneProcess, host: str
) -> None:
    peer = Peer(ivr.address)
    assert (await peer.invite())[0] == 200
    await peer.silence(0.3)
    old, peer.media = peer.media, bound(host)
    offer = peer.offer().replace("c=IN IP4 127.0.0.1", f"c=IN IP4 {host}")
    status, text = await peer.ask("INVITE", offer)
    assert status == 200
    peer.take_answer(text)
    for late in range(3):
        old.sendto(
            rtp(8, peer.sequence + 1 + late, peer.timestamp, b"\xd5" * 160), peer.remote_media
        )
    press_from(old, peer, "9")
    await asyncio.sleep(0.1)
    assert await sends_to(old) == 0
    assert await sends_to(peer.media) > 5
    await peer.press("4")
    await peer.silence(0.1)
    await ivr.hears("4")
    # And back again.
    back, peer.media = peer.media, old
    status, text = await peer.ask("INVITE", peer.offer())
    assert status == 200
    peer.take_answer(text)
    await peer.press("5")
    await peer.silence(0.1)
    await ivr.hears("45")
    assert await sends_to(old) > 5
    await peer.ask("BYE")
    back.close()
    peer.close()
    await ivr.free()


@pytest.mark.call
@pytest.mark.asyncio(loop_scope="module")
async def test_a_peer_behind_nat_is_followed(ivr: PhoneProcess) -> None:
    peer = Peer(ivr.address)
    headers = "X-Rocars-Nat: yes\r\n"
    peer.send(peer.message("INVITE", peer.offer(), headers=headers))
    status, text = await peer.response()
    assert status == 200
    peer.take_answer(text)
    named, peer.media = peer.media, bound(ANOTHER)
    await peer.silence(0.5)
    await peer.press("6")
    await peer.silence(0.1)
    await ivr.hears("6")
    assert await sends_to(peer.media) > 5
    await peer.ask("BYE")
    named.close()
    peer.close()
    await ivr.free()
