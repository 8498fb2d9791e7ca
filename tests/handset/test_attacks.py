"""Who does not get at the telephone, and what becomes of what no page of ours sends."""

from __future__ import annotations

import json
import socket
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from ivr.handset.admission import Admission
from ivr.handset.app import make_app
from ivr.handset.settings import HandsetSettings
from ivr.settings.service import Settings
from ivr.studio.draft_calls import DraftKey
from ivr.telephony.sound.frames import SILENCE
from tests.handset.conftest import CALLS, page_socket, token_of
from tests.support.ports import free_ports
from tests.support.service import Service

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]

PLACE = {"do": "call", "number": "3902", "caller": "+85291230000"}


async def shaken(url: str, **headers: str) -> int:
    """The status of the answer to a WebSocket handshake."""
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{url}/line", headers=handshake | given) as answer,
    ):
        return answer.status


async def test_another_sites_page_opens_no_socket(url: str) -> None:
    """Cross-site WebSocket hijacking, even by one that has come to know the token."""
    async with aiohttp.ClientSession() as http:
        protocols = f"handset, {await token_of(http, url)}"
    here = {"Origin": url, "Sec_WebSocket_Protocol": protocols}
    assert await shaken(url, **here) == 101
    port = int(url.rpartition(":")[2])
    for origin in (
        "https://evil.example",
        "null",
        f"http://127.0.0.1:{port + 1}",
        f"https://127.0.0.1:{port}",
        f"http://127.0.0.1:{port}.evil.example",
    ):
        assert await shaken(url, **here | {"Origin": origin}) == 403, origin
    assert await shaken(url, Sec_WebSocket_Protocol=protocols) == 403
    for site in ("cross-site", "same-site"):
        assert await shaken(url, **here, Sec_Fetch_Site=site) == 403


async def test_a_page_that_knows_no_token_opens_no_socket(url: str) -> None:
    assert await shaken(url, Origin=url) == 403
    for protocols in (
        "handset",
        "handset, ",
        "handset, wrong",
        "handset, é".encode().decode("latin-1"),
    ):
        assert await shaken(url, Origin=url, Sec_WebSocket_Protocol=protocols) == 403
    async with aiohttp.ClientSession() as http:
        token = await token_of(http, url)
    assert await shaken(url, Origin=url, Sec_WebSocket_Protocol=token) == 403


@pytest.mark.parametrize("path", ["/", "/line"])
async def test_another_name_for_loopback_is_none_of_ours(url: str, path: str) -> None:
    """DNS rebinding: the browser thinks that the page is the stranger's own."""
    port = url.rpartition(":")[2]
    async with aiohttp.ClientSession() as http:
        for host in (f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port}.", f"[::1]:{port}"):
            there = {"Host": host, "Origin": f"http://{host}"}
            async with http.get(url + path, headers=there) as answer:
                assert answer.status == 421, host
        async with http.get(url, headers={"Host": f"localhost:{port}"}) as answer:
            assert answer.status == 200


async def test_the_page_takes_nothing_from_elsewhere_and_is_in_no_frame(url: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(url) as page:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert "//" not in await page.text()


async def test_only_this_machine_can_reach_it(service: Service) -> None:
    """The listening address itself, as the kernel has it (proc(5), net/tcp)."""
    wanted = f"{service.handset_port:04X}"
    with open("/proc/net/tcp") as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert [at for at in listening if at.endswith(f":{wanted}")] == [
        f"{int.from_bytes(socket.inet_aton('127.0.0.1'), 'little'):08X}:{wanted}"
    ]


@pytest.mark.parametrize(
    "sent",
    [
        "no JSON",
        "[]",
        json.dumps({"do": "transfer", "to": "sip:evil@example.net"}),
        json.dumps({"do": "keys", "keys": "1A"}),
        json.dumps({"do": "keys", "keys": "1" * 33}),
        json.dumps({"do": "keys", "keys": 1}),
        json.dumps(PLACE | {"caller": "x@evil"}),
        json.dumps(PLACE | {"caller": "123\r\nX-Rocars-Source: peer"}),
        json.dumps(PLACE | {"headers": {}}),
        json.dumps(PLACE | {"language": "tlh"}),
        bytes(319),
        bytes(640),
    ],
    ids=lambda sent: str(sent)[:40] if isinstance(sent, str) else f"{len(sent)} bytes",
)
async def test_what_no_page_of_ours_sends_closes_the_socket(url: str, sent: str | bytes) -> None:
    async with page_socket(url) as page:
        if isinstance(sent, str):
            await page.socket.send_str(sent)
        else:
            await page.socket.send_bytes(sent)
        assert await page.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_message_that_is_too_large_closes_the_socket(url: str) -> None:
    async with page_socket(url) as page:
        await page.socket.send_str(" " * 5000)
        assert await page.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize("number", ["3904", "999", "sip:3902@evil", "3902@evil.example", ""])
async def test_no_number_but_the_services_own_is_dialled(url: str, number: str) -> None:
    async with page_socket(url) as page:
        await page.wish(**PLACE | {"number": number})
        assert (await page.until(tell="state", state="not_placed"))["why"] == "not_dialled"


async def test_so_many_calls_at_once_and_a_page_that_leaves_hangs_up(
    service: Service, url: str
) -> None:
    async with page_socket(url) as last:
        for _ in range(CALLS):
            async with page_socket(url) as other:
                await other.wish(**PLACE)
                await other.until(tell="state", state="talking")
        service.until_idle()  # each left without a word, and so its line was free for the next
        async with AsyncExitStack() as leaving:
            pages = [await leaving.enter_async_context(page_socket(url)) for _ in range(CALLS)]
            for page in pages:
                await page.wish(**PLACE)
            for page in pages:
                await page.until(tell="state", state="talking")
            await last.wish(**PLACE)
            assert (await last.until(tell="state", state="not_placed"))["why"] == "too_many"
            await pages[0].wish(do="hang_up")
            over = await pages[0].until(tell="state", state="over")
            assert over["why"] == "hung_up"
            await last.wish(**PLACE)
            await last.until(tell="state", state="talking")
    service.until_idle()


async def test_a_call_is_ended_when_it_has_lasted_as_long_as_it_may(service: Service) -> None:
    port = free_ports(1)
    handset = HandsetSettings(port=port, longest_call_s=10)
    mine = service.settings.model_copy(update={"handset": handset})
    runner = web.AppRunner(make_app(mine, service.rocars("demo"), "", DraftKey()))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with page_socket(f"http://127.0.0.1:{port}") as page:
            await page.wish(**PLACE)
            await page.until(tell="state", state="talking")
            assert (await page.until(tell="state", state="over"))["why"] == "too_long"
    finally:
        await runner.cleanup()
    service.until_idle()


async def test_sound_and_keys_beside_no_call_do_nothing(url: str) -> None:
    async with page_socket(url) as page:
        await page.socket.send_bytes(SILENCE)
        await page.wish(do="keys", keys="123456")
        await page.wish(do="hang_up")
        trial = await page.until(tell="trial")
        assert {driver["user_id"] for driver in trial["drivers"]} >= {"10000001"}


def settings(**sections: object) -> Settings:
    return Settings.model_validate(sections)


async def test_it_is_open_in_trials_only() -> None:
    assert settings().has_open_handset
    for no_trial in (
        {"embedded_rocars": {"demo_data": False}},
        {"embedded_rocars": {"enabled": False}},
        {"handset": {"enabled": False}},
    ):
        assert not settings(**no_trial).has_handset
        for_operators = {"console_role": "operator", **no_trial.get("handset", {})}
        without = settings(**no_trial | {"handset": for_operators})
        assert (without.has_handset, without.has_open_handset) == (True, False)


async def test_nothing_of_it_is_open_outside_trials() -> None:
    port = free_ports(1)
    outside = settings(handset={"console_role": "operator", "port": port})
    runner = web.AppRunner(make_app(outside, None, "the key", DraftKey()))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            assert answer.status == 404
        for headers in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "the key"},
        ):
            assert await shaken(url, Origin=url, Sec_WebSocket_Protocol="handset", **headers) == 403
        assert await shaken(url, Authorization="Bearer the key", X_Handset_Name="chan") == 101
    finally:
        await runner.cleanup()


async def test_without_a_key_nobody_is_taken_for_the_console() -> None:
    request = make_mocked_request("GET", "/line", {"Authorization": "Bearer "})
    with pytest.raises(web.HTTPForbidden):
        Admission(8482, "", trial=False).admitted(request)
