"""What was typed is not lost when it is refused, and what is sent twice is done once."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import ClientSession, FormData

from ivr.records.node_tables import OrderKind
from ivr.records.prompt_tables import VersionState
from ivr.records.roles import Role
from tests.console.conftest import PASSWORDS, Console, a_recording
from tests.console.test_door import browser, token
from tests.records.conftest import an_offered_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

GREETING = "/prompts/en/1001"


async def refused(session: ClientSession, path: str, typed: dict[str, str]) -> str:
    form = typed | {"csrf": await token(session)}
    headers = {"Referer": f"{session._base_url}".rstrip("/") + GREETING}
    async with session.post(path, data=form, headers=headers) as answer:
        assert answer.status == 422
        return await answer.text()


async def test_what_is_refused_stands_where_it_was_typed(console: Console) -> None:
    clip = (await console.site.studio.of_tag("en"))[0]
    version = await console.site.intake.words("somebody", clip, "Good morning")
    await console.site.versions.review("another", version.version_id)
    async with browser(console, Role.ADMINISTRATOR) as session:
        page = await refused(session, f"{GREETING}/words", {"words": "Good <key> morning"})
        assert ">Good &lt;key&gt; morning</textarea>" in page
        assert f'name="next" value="{GREETING}"' in page  # where another language is chosen for
        past = "2020-01-01T08:30"
        schedule = f"/prompts/versions/{version.version_id}/schedule"
        assert f'value="{past}"' in await refused(session, schedule, {"live_from": past})
        name = console.names[Role.VIEWER]
        phone = {"operator_id": "2468", "pin": "111111"}
        page = await refused(session, f"/people/{name}/phone", phone)
        assert 'value="2468"' in page
        assert "111111" not in page
        gathering = {"name": "Spring voices", "language": "yue", "state": "", "find": ""}
        page = await refused(session, "/releases", gathering)
        assert 'value="Spring voices"' in page
        form = FormData({"csrf": await token(session), "note": "in the quiet room"})
        form.add_field("recording", b"no sound", filename="a.wav")
        async with session.post(f"{GREETING}/recording", data=form) as answer:
            assert answer.status == 422
            assert 'value="in the quiet room"' in await answer.text()


async def test_what_was_typed_is_not_lost_when_the_session_ends(console: Console) -> None:
    async with browser(console, None) as session:
        typed = {"csrf": "of a session that has ended", "words": "Good morning"}
        headers = {"Referer": f"{console.url}{GREETING}", "Accept-Language": "zh-HK"}
        async with session.post(f"{GREETING}/words", data=typed, headers=headers) as answer:
            page = await answer.text()
            assert answer.status == 403
        assert "你傳送之前已被登出" in page
        kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        name = console.names[Role.OPERATOR]
        log_in = {"name": name, "password": PASSWORDS[Role.OPERATOR]}
        async with session.post("/login", data=log_in) as answer:
            assert answer.status == 200
        for _ in range(2):  # the page shown in the session before, then the one of this session
            async with session.post(f"{GREETING}/words", data=kept, headers=headers) as answer:
                page = await answer.text()
                kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        (version,) = await console.site.versions.of_clip("en", "welcome.greeting")
        assert version.words == "Good morning."


async def test_what_is_sent_twice_is_done_once(console: Console) -> None:
    """By browsers without scripts, and by a network that repeats."""
    call_id = await console.book.open(an_offered_call())
    assert await console.book.flush(5)
    async with browser(console, Role.ADMINISTRATOR) as session:
        csrf = await token(session)

        async def upload() -> None:
            form = FormData({"csrf": csrf, "saw": "0"})
            form.add_field("recording", a_recording(), filename="a.wav")
            async with session.post(f"{GREETING}/recording", data=form) as answer:
                assert "Taken as version 1." in await answer.text()

        async def post(path: str) -> None:
            async with session.post(path, data={"csrf": csrf}) as answer:
                assert answer.status == 200

        await asyncio.gather(upload(), upload())
        for _ in range(2):
            await post(f"/live/{call_id}/pass-on")
            await post("/nodes/hk1/close")
    assert len(await console.site.versions.in_state(VersionState.DRAFT)) == 1
    (ordered,) = await console.site.orders.take_for_calls([call_id])
    assert ordered.kind is OrderKind.PASS_ON
    assert len(await console.site.orders.take_for_node("hk1")) == 1
