"""From what is wrong to a message in somebody's mailbox, and to the page."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from ivr.console.alert_settings import AlertSettings
from ivr.console.alerts.delivery import Delivery
from ivr.console.alerts.watch import AlertWatch
from ivr.console.app import _serve, make_app
from ivr.console.health import BackEndProbe
from ivr.console.mail import NotDelivered
from ivr.console.self_test import SelfTest
from ivr.console.settings import SelfTestSettings
from ivr.records.alert_kinds import AlertKind, Channel
from ivr.records.alerts import Alerts, Wrong
from ivr.records.facts import now
from ivr.records.roles import Role
from ivr.settings.service import Settings
from tests.console.conftest import LIBRARY, Console
from tests.console.test_door import browser
from tests.support.mail_server import mail_server
from tests.support.pace import limit

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

AWAY = Wrong(AlertKind.ROCARS_AWAY, "hk1", "node %(node)s: the SIP front is down", {"node": "hk1"})
TOKEN = "a token of the webhook"


@dataclass
class Hook:
    """Where alerts are posted; answers with what it is told to."""

    url: str = ""
    status: int = 204
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((request.headers["Authorization"], await request.json()))
        return web.Response(status=self.status)


@asynccontextmanager
async def hook() -> AsyncIterator[Hook]:
    hooked = Hook()
    app = web.Application()
    app.router.add_post("/alerts", hooked.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hooked.url = f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"
    yield hooked
    await runner.cleanup()


def delivery(console: Console, **settings: object) -> Delivery:
    rules = AlertSettings.model_validate({"timeout_s": min(60.0, limit(5)), **settings})
    return Delivery(Alerts(console.site.records, rules.channels), rules, "https://ivr.example")


async def test_a_webhook_gets_it_in_json_again_until_it_takes_it(console: Console) -> None:
    async with hook() as there:
        sending = delivery(console, webhook_url=there.url, webhook_token=TOKEN)
        await sending.alerts.raise_(AWAY, now())
        there.status = 503
        await sending.send_waiting()
        (listed,) = await sending.alerts.listed()
        assert listed.messages[0].failure == "HTTP 503"
        claimed_again = listed.messages[0]
        there.status = 204
        await sending._send(claimed_again, listed.alert)
    assert [token for token, _ in there.taken] == [f"Bearer {TOKEN}"] * 2
    body = there.taken[0][1]
    assert there.taken[1][1] == body
    assert (body["event"], body["kind"], body["subject"]) == ("raised", "rocars_away", "hk1")
    assert body["text"] == "node hk1: the SIP front is down"
    assert body["text_zh"] == "節點 hk1：SIP 前端已停止"
    assert (body["over"], body["url"]) == (None, "https://ivr.example/alerts")


async def test_a_letter_comes_in_both_languages_and_says_when_it_is_over(
    console: Console,
) -> None:
    async with mail_server() as (port, letters):
        to = {"email_to": ["duty@example.hk", "second@example.hk"], "email_from": "ivr@example.hk"}
        sending = delivery(console, smtp_port=port, **to)
        await sending.alerts.raise_(AWAY, now())
        await sending.alerts.clear(AWAY.kind, AWAY.subject)
        await sending.send_waiting()
    raised, over = (
        email.message_from_bytes(letter, policy=email.policy.default) for letter in letters
    )
    assert raised["Subject"] == "[ROCARS] Alert: node hk1: the SIP front is down"
    assert over["Subject"] == "[ROCARS] Over: node hk1: the SIP front is down"
    assert raised["To"] == "duty@example.hk, second@example.hk"
    assert "節點 hk1：SIP 前端已停止" in raised.get_content()


async def test_nobody_there_is_said_and_no_password_is_in_it(console: Console) -> None:
    sending = delivery(console, webhook_url="http://127.0.0.1:9/none", webhook_token=TOKEN)
    await sending.alerts.raise_(AWAY, now())
    await sending.send_waiting()
    (listed,) = await sending.alerts.listed()
    assert "Connect call failed" in listed.messages[0].failure
    assert TOKEN not in listed.messages[0].failure
    other = delivery(console)
    with pytest.raises(NotDelivered, match="no webhook any more"):
        await other._send(listed.messages[0], listed.alert)


async def test_what_is_wrong_long_enough_is_on_the_page_until_it_is_over(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ROCARS is away in this console, and the front of its node goes down and comes back."""
    rules = console.settings.alerts.model_copy(update={"after_s": 0.0})
    site = console.site
    monkeypatch.setattr(site, "settings", console.settings.model_copy(update={"alerts": rules}))
    monkeypatch.setattr(site, "alerts", Alerts(site.records, [Channel.EMAIL]))
    watch = AlertWatch(site)
    console.node.front_up = False
    await watch.look()
    await watch.look()
    found = {alert.kind for alert in await site.alerts.open()}
    assert {AlertKind.FRONT_DOWN, AlertKind.ROCARS_AWAY} <= found
    console.node.front_up = True
    await watch.look()
    assert AlertKind.FRONT_DOWN not in {alert.kind for alert in await site.alerts.open()}
    async with browser(console, Role.VIEWER) as session, session.get("/alerts") as answer:
        text = await answer.text()
    for words in ("front down", "node hk1: the SIP front is down", "over since", "rocars away"):
        assert words in text
    await site.alerts.raise_(Wrong(AlertKind.NO_WORKER, "hk2", "of another node"), now())
    await watch.look()
    assert AlertKind.NO_WORKER in {alert.kind for alert in await site.alerts.open()}, "not ours"


async def test_what_is_wrong_for_a_moment_is_told_to_nobody(console: Console) -> None:
    watch = AlertWatch(console.site)
    console.node.front_up = False
    await watch.look()
    assert await console.site.alerts.listed() == []


async def test_a_console_that_runs_looks_and_tells(console: Console) -> None:
    """The process of the console as the supervisor starts it: ROCARS is away from the start."""
    loop = asyncio.get_running_loop()
    async with hook() as there:
        alerts = {"every_s": 0.2, "after_s": 0.0, "webhook_url": there.url, "webhook_token": TOKEN}
        settings = Settings.model_validate(
            {
                "node": {"name": "hk1", "data": str(console.directory)},
                "web": {"port": 0},
                "alerts": alerts,
            }
        )

        def make() -> web.Application:
            probe = BackEndProbe("http://127.0.0.1:9/none")
            test = SelfTest(SelfTestSettings.model_validate({}), "sip:127.0.0.1:1")
            return make_app(console.node, probe, test, settings=settings, library=LIBRARY)

        running = asyncio.ensure_future(_serve("127.0.0.1", 0, settings, make))
        async with asyncio.timeout(limit(20)):
            while not there.taken:
                assert not running.done(), running
                await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running == 0
        loop.remove_signal_handler(signal.SIGTERM)
    assert there.taken[0][1]["kind"] == "rocars_away"
