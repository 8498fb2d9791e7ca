"""A driver has the UBR sent to the telephone they call from, through a gateway over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from ivr.observe.metrics import MeteredRecords
from ivr.records.call_book import CallBook
from ivr.telephony.telephone import Telephone
from tests.support.callers import Caller, log_in
from tests.support.ports import free_ports
from tests.support.service import Service

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="session")]


async def test_the_ubr_arrives_as_a_text_message(telephone: Telephone, tmp_path: Path) -> None:
    messages: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        messages.append(await request.json())
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/messages", take)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sms = {"url": f"http://127.0.0.1:{port}/messages"}
    service = Service(tmp_path, {"pool": {"workers": 1}, "sms": sms})
    await asyncio.to_thread(service.start)
    book = CallBook(service.settings.records_url, service.settings.records, MeteredRecords())
    try:
        caller = Caller(service, telephone, book)
        demo = await caller.demo()
        ccrn = demo.free_ccrns(immediately=True)[0]
        called = await caller.call(
            log_in(demo, "yue")
            | {
                "main_menu": ["1"],
                "ccrn": [f"{ccrn}#"],
                "ccrn.more": ["1"],
                "vehicle.which": ["1"],
                "bundle.one_cargo": ["1"],
                "bundle.after": ["4", "3"],
            },
            from_user="+85290100001",
        )
        await caller.idle()
        assert called.text_of("bundle.text_sent"), called.words
        ((ubr,),) = service.query("SELECT ubr FROM calls")
        ((message),) = messages
        assert message["to"] == "+85290100001"
        assert f"捆綁參考編號 {ubr}。車牌 AB1234。貨物編號 {ccrn}。可以即時過關" in message["text"]
        assert "+85290100001" not in service.log.read_text()
    finally:
        await book.shut()
        await asyncio.to_thread(service.stop)
        await runner.cleanup()
