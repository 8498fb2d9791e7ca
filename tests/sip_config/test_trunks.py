"""Trunks with a password, over TLS, with SRTP, and those that want us to register."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.certificates import Certificates
from tests.support.digest import credentials, parameters, response
from tests.support.pace import limit
from tests.support.peers import SDP, FakeCaller, Message, SipEnd, TcpCaller, answer, open_end
from tests.support.ports import free_ports
from tests.support.scene import Scene, front_between

pytestmark = pytest.mark.call

PEER = {"name": "pbx", "networks": ["127.0.0.0/8"]}
PASSWORD = "correct horse:battery"
SECURE = SDP.replace("RTP/AVP", "RTP/SAVP") + (
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WnD7c1ksDGs+dIefCEo8omPg4uO8DYIinNGL5yxQ\r\n"
)


async def called_with(caller: FakeCaller, challenge: str, username: str, password: str) -> Message:
    uri = f"sip:3902@127.0.0.1:{caller.front[1]}"
    proof = credentials(challenge, username, password, "INVITE", uri)
    return await caller.call(more=f"Proxy-Authorization: {proof}")


async def challenge(caller: FakeCaller) -> str:
    final = await caller.call()
    assert final.status == 407
    return final.header("Proxy-Authenticate")


async def test_a_peer_with_a_password_must_know_it() -> None:
    peer = {**PEER, "username": "pbx-1", "password": PASSWORD}
    async with front_between(peers=[peer]) as scene:
        caller = scene.caller
        assert (await called_with(caller, await challenge(caller), "pbx-1", PASSWORD)).status == 200
        (invite,) = [message for worker in scene.workers for message in worker.invites]
        assert not invite.all("Proxy-Authorization")
        wrong = await called_with(caller, await challenge(caller), "pbx-1", "guess")
        stranger = await called_with(caller, await challenge(caller), "pbx-2", PASSWORD)
        assert (wrong.status, stranger.status) == (407, 407)
        assert scene.invites == 1
        assert scene.front.kamailio.counters()["refused_password"] == 2


async def test_guessing_ends_after_ten_failures() -> None:
    peer = {**PEER, "username": "pbx-1", "password": PASSWORD}
    async with front_between(peers=[peer]) as scene:
        asked = await challenge(scene.caller)
        for number in range(10):
            assert (await called_with(scene.caller, asked, "pbx-1", f"{number}")).status == 407
        assert (await called_with(scene.caller, asked, "pbx-1", PASSWORD)).status == 403
        other = await scene.another_caller("127.0.0.2")
        assert (await called_with(other, await challenge(other), "pbx-1", PASSWORD)).status == 200


async def test_the_password_is_in_no_file_of_the_front(tmp_path: Path) -> None:
    peer = {**PEER, "username": "pbx-1", "password": PASSWORD}
    async with front_between(peers=[peer]) as scene:
        written = scene.front.kamailio.write().parent
        for path in written.rglob("*"):
            if path.is_file():
                assert PASSWORD not in path.read_text()
        assert written.stat().st_mode & 0o077 == 0


class TlsCaller(TcpCaller):
    """A caller over TLS."""

    transport_name = "TLS"

    async def secure(self, context: ssl.SSLContext) -> None:
        reader, self._writer = await asyncio.open_connection(*self.front, ssl=context)
        self.connection_made(self._writer.transport)
        self.contact = "sip:caller@127.0.0.1:9;transport=tls"
        self._reading = asyncio.create_task(self._read(reader))


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@asynccontextmanager
async def over_tls(
    certificates: Certificates, security: str, *, mutual: bool = False
) -> AsyncIterator[tuple[Scene, TlsCaller]]:
    port = free_ports(8) + 7  # the front itself takes the first ones
    tls = certificates.settings(port, mutual=mutual)
    async with front_between(peers=[{**PEER, "security": security}], tls=tls) as scene:
        caller = TlsCaller(front=("127.0.0.1", port))
        await caller.secure(certificates.client(with_own=mutual))
        yield scene, caller
        await caller.close()


async def test_a_call_over_tls(certificates: Certificates) -> None:
    async with over_tls(certificates, "tls") as (scene, caller):
        final = await caller.call()
        assert final.status == 200
        (worker,) = [candidate for candidate in scene.workers if candidate.invites]
        assert worker.invites[0].header("X-Rocars-Source").endswith(";tls")
        await worker.until(lambda message: message.method == "ACK")
        worker.send(worker.within(worker.invites[0], "BYE"), ("127.0.0.1", scene.port + 1))
        await caller.until(lambda message: message.method == "BYE")
        await worker.until(
            lambda message: message.status == 200 and "BYE" in message.header("CSeq")
        )


async def test_sips_is_told_apart_from_sip_over_tls(certificates: Certificates) -> None:
    async with over_tls(certificates, "tls") as (scene, caller):
        assert (await caller.call(uri="sips:3902@127.0.0.1")).status == 416
        assert scene.invites == 0


async def test_a_peer_that_must_use_tls_is_refused_without(certificates: Certificates) -> None:
    async with over_tls(certificates, "tls") as (scene, _):
        assert (await scene.caller.call()).status == 403
        assert scene.invites == 0
        assert scene.front.kamailio.counters()["refused_insecure"] == 1


async def test_srtp_where_it_is_asked_for_and_nowhere_in_the_clear(
    certificates: Certificates,
) -> None:
    async with over_tls(certificates, "srtp") as (scene, caller):
        assert (await caller.call(sdp=SECURE)).status == 200
        assert (await caller.call(sdp=SDP)).status == 488
        assert scene.front.kamailio.counters()["refused_insecure"] == 1
    async with over_tls(certificates, "none") as (scene, caller):
        assert (await caller.call(sdp=SECURE)).status == 200
        assert (await caller.call(sdp=SDP)).status == 200
        assert (await scene.caller.call(sdp=SECURE)).status == 488
        assert scene.front.kamailio.counters()["refused_sdp"] == 1


async def test_a_peer_shows_its_certificate_where_that_is_wanted(
    certificates: Certificates,
) -> None:
    async with over_tls(certificates, "tls", mutual=True) as (_, caller):
        assert (await caller.call()).status == 200
        nobody = TlsCaller(front=caller.front)
        with pytest.raises((ssl.SSLError, ConnectionError, TimeoutError)):
            await calls_without_certificate(nobody, certificates)


async def calls_without_certificate(caller: TlsCaller, certificates: Certificates) -> None:
    await caller.secure(certificates.client())  # TLS 1.3 tells it with the first reading only
    await caller.call()


@dataclass
class Registrar(SipEnd):
    """Takes registrations of one account, after a challenge."""

    username: str = "36690000"
    password: str = PASSWORD
    contacts: list[str] = field(default_factory=list)
    refused: int = 0
    refusing: bool = False

    def took(self, message: Message, address: tuple[str, int]) -> None:
        if message.method != "REGISTER":
            return
        shown = message.header("Authorization")
        if not shown or self.refusing:
            more = 'WWW-Authenticate: Digest realm="carrier", nonce="n0nce", qop="auth"'
            self.send(answer(message, "401 Unauthorized", more=more), address)
            return
        fields = parameters(shown)
        uri = message.first.split()[1]
        proof = response(fields, self.username, self.password, "REGISTER", uri)
        if fields["response"] != proof or fields["username"] != self.username:
            self.refused += 1
            self.send(answer(message, "403 Forbidden"), address)
            return
        contact = message.header("Contact")
        self.contacts.append(contact.partition("<")[2].partition(">")[0])
        self.send(answer(message, "200 OK", more=f"Contact: {contact};expires=60"), address)


def account(port: int, **more: object) -> dict[str, object]:
    return {
        "name": "carrier",
        "registrar": f"127.0.0.1:{port}",
        "username": "36690000",
        "password": PASSWORD,
        **more,
    }


async def until(condition: object, seconds: float = 20.0) -> None:
    async with asyncio.timeout(limit(seconds)):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.1)


async def test_we_register_and_the_trunks_calls_come() -> None:
    registrar = Registrar()
    await open_end(registrar)
    registration = account(registrar.port, number="3902")
    async with front_between(registrations=[registration]) as scene:
        await until(lambda: registrar.contacts)
        assert registrar.contacts[0].startswith(f"sip:3902@127.0.0.1:{scene.port}")
        await until(lambda: scene.front.registrations() == {"carrier": True}, 5)
        final = await scene.caller.call(uri=registrar.contacts[0])
        assert final.status == 200
        (invite,) = [message for worker in scene.workers for message in worker.invites]
        assert invite.first.split()[1].startswith("sip:3902@")


async def test_a_registrar_that_refuses_is_known_and_asked_again() -> None:
    registrar = Registrar(password="another")
    await open_end(registrar)
    async with front_between(registrations=[account(registrar.port)]) as scene:
        await until(lambda: registrar.refused)
        assert scene.front.registrations() == {"carrier": False}
        registrar.password = PASSWORD
        await until(lambda: registrar.contacts, 40)
