"""The API for programs does what its description says, for tokens that open it and no others."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from multidict import CIMultiDict
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_spec_validator import validate
from playwright.async_api import Browser, expect
from sqlalchemy import update
from werkzeug.datastructures import Headers, ImmutableMultiDict

from ground.web.throttle import Throttle
from ivr.console.api.endpoints import ENDPOINTS
from ivr.console.api.openapi import ROOT, describe
from ivr.records import audit
from ivr.records.api_tokens import PREFIX
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day
from ivr.records.outcome import CallOutcome
from ivr.records.roles import Role
from ivr.records.token_tables import ApiToken, Scope
from tests.console.conftest import PASSWORDS, Console, Visit
from tests.console.test_door import browser, token
from tests.console.test_odd_requests import ODD
from tests.support.described import ReceivedResponse, SentRequest, described_by
from tests.support.past_calls import AT, past_call

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

SOON = timedelta(days=30)


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = field(repr=False)
    headers: CIMultiDict[str]


@dataclass
class Program:
    """Something that uses the API; each answer must be as described."""

    console: Console
    http: ClientSession
    description: OpenAPI
    secret: str = ""

    async def get(self, path: str, **headers: str) -> Reply:
        return await self._asked("GET", path, headers)

    async def post(self, path: str, body: object = None) -> Reply:
        """`body`: a recording, or what is sent as JSON."""
        if isinstance(body, bytes):
            return await self._asked("POST", path, {"Content-Type": "audio/wav"}, body)
        data = b"" if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return await self._asked("POST", path, headers, data)

    async def _asked(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> Reply:
        """What is taken has to be as described, as its answer has."""
        sent = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        url, headers = f"{ROOT}{path}", sent | headers
        async with self.http.request(method, url, headers=headers, data=body) as answer:
            data = await answer.read()
            request = SentRequest(
                self.console.url,
                url.partition("?")[0],
                method.lower(),
                RequestParameters(
                    query=ImmutableMultiDict(answer.url.query.items()), header=Headers(headers)
                ),
                headers.get("Content-Type", ""),
                body,
            )
            if answer.ok:
                self.description.validate_request(request)
            self.description.validate_response(
                request,
                ReceivedResponse(answer.status, answer.content_type, data, dict(answer.headers)),
            )
            return Reply(answer.status, await answer.json(content_type=None), answer.headers.copy())

    async def with_scopes(
        self, *scopes: Scope, name: str = "reports", by: str = "chan"
    ) -> ApiToken:
        made = await self.console.site.tokens.make(by, name, scopes, now() + SOON)
        self.secret = made.secret
        return made.token


@pytest_asyncio.fixture(loop_scope="session")
async def program(console: Console) -> AsyncIterator[Program]:
    async with ClientSession(console.url) as http:
        async with http.get(f"{ROOT}/openapi.json") as answer:
            assert answer.status == 200
            document = await answer.text()
        yield Program(console, http, described_by(document))


async def deeds(console: Console) -> list[tuple[str, str]]:
    entries = await audit.read(console.site.records, limit=20)
    return [(entry.who, entry.action) for entry in entries]


async def test_the_description_is_one() -> None:
    document = describe(ENDPOINTS)
    validate(document)
    assert set(document["paths"]) == {endpoint.path for endpoint in ENDPOINTS}


async def test_calls_page_by_page_without_what_names_somebody(
    program: Program, console: Console
) -> None:
    await program.with_scopes(Scope.CALLS)
    ids = [
        await past_call(console.book, at=AT + timedelta(minutes=n), ccrn=f"1234567890{n:03d}")
        for n in range(5)
    ]
    await past_call(console.book, at=AT - timedelta(days=1), outcome=CallOutcome.HOTLINE)
    since = (AT - timedelta(hours=1)).isoformat().replace("+", "%2B")
    found, path = [], f"/calls?limit=2&since={since}&language=yue"
    reply = await program.get(path)
    while True:
        found += reply.body["calls"]
        if reply.body["next"] is None:
            break
        reply = await program.get(f"{path}&before={reply.body['next']}")
    assert sorted(call["call"] for call in found) == sorted(ids)
    assert {call["caller"] for call in found} == {found[0]["caller"]}
    assert "91234567" not in str(found)
    newest = await program.get(f"/calls/{ids[3]}")
    assert newest.body["requests"][0]["ccrns"] == ["1234567890003"]
    assert newest.body in found
    hotline = await program.get("/calls?outcome=hotline")
    assert len(hotline.body["calls"]) == 1
    assert (await program.get("/calls/nobody")).status == 404
    done = await deeds(console)
    assert ("token reports", "call looked at") in done
    assert done.count(("token reports", "calls exported")) == 4


async def test_prompts_releases_and_figures(program: Program, console: Console) -> None:
    await program.with_scopes(Scope.PROMPTS, Scope.RELEASES, Scope.FIGURES)
    async with browser(console, Role.OPERATOR) as session:
        form = {"csrf": await token(session), "words": "Welcome to another service."}
        async with session.post("/prompts/en/1001/words", data=form) as answer:
            assert answer.status == 200
    prompts = (await program.get("/prompts?language=en")).body["prompts"]
    assert len(prompts) > 400
    assert [prompt["number"] for prompt in prompts if prompt["waiting"]] == [1001]
    versions = (await program.get("/prompts/1001/versions?language=en")).body["versions"]
    assert [version["words"] for version in versions] == ["Welcome to another service."]
    draft = (await console.site.versions.of_clip("en", versions[0]["name"]))[0]
    await console.site.versions.review("somebody.else", draft.version_id)
    release = await console.site.releases.gather("chan", "May", [draft.version_id])
    assert [of["name"] for of in (await program.get("/releases")).body["releases"]] == ["May"]
    whole = (await program.get(f"/releases/{release.release_id}")).body
    assert [version["state"] for version in whole["versions"]] == ["reviewed"]

    day = hong_kong_day(AT)
    await past_call(console.book, questions=(("ccrn.ask", "answered"),), seconds=60)
    await past_call(console.book, outcome=CallOutcome.HOTLINE, seconds=30)
    await console.site.tallies.count(day)
    seen = (await program.get(f"/figures?first={day}&last={day}")).body
    assert (seen["calls"], seen["containment"], seen["mean_seconds"]) == (2, 0.5, 45)
    assert seen["calls_by_hour"] == {"09": 2}
    assert seen["questions"][0]["name"] == "ccrn.ask"
    empty = (await program.get("/figures?first=2001-01-01&last=2001-01-01&language=en")).body
    assert (empty["calls"], empty["containment"], empty["busy_hour"]) == (0, None, None)


async def test_only_a_token_that_is_good_and_opens_it_is_admitted(
    program: Program, console: Console
) -> None:
    refused = await program.get("/calls")
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="console"')
    made = await program.with_scopes(Scope.PROMPTS)
    assert (await program.get("/prompts?language=en")).status == 200
    refused = await program.get("/calls")
    assert refused.status == 403
    assert 'error="insufficient_scope", scope="calls"' in refused.headers["WWW-Authenticate"]
    for wrong in ("x", f"{PREFIX}{'x' * 43}", "€", program.secret[:-1]):
        reply = await program.get("/prompts?language=en", Authorization=f"Bearer {wrong}")
        assert reply.status == 401
    assert (await program.get("/releases", Authorization=f"Basic {program.secret}")).status == 401
    lower = await program.get("/prompts?language=en", Authorization=f"bearer {program.secret}")
    assert lower.status == 200

    async with browser(console, Role.ADMINISTRATOR) as session:
        async with session.get(f"{ROOT}/calls") as answer:  # a log-in to the pages opens nothing
            assert answer.status == 401
        form = {"csrf": await token(session)}
        async with session.post(f"/tokens/{made.token_id}/revoke", data=form) as answer:
            assert "Done." in await answer.text()
    refused = await program.get("/prompts?language=en")
    assert refused.status == 401
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]

    made = await program.with_scopes(Scope.PROMPTS, name="another")
    async with console.site.records.writing() as writing:
        await writing.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))
    assert (await program.get("/prompts?language=en")).status == 401


async def test_a_program_that_asks_too_often_is_told_to_wait(
    program: Program, console: Console
) -> None:
    await program.with_scopes(Scope.RELEASES)
    console.site.api_throttle = Throttle(2)
    assert [(await program.get("/releases")).status for _ in range(2)] == [200, 200]
    late = await program.get("/releases")
    assert (late.status, late.headers["Retry-After"]) == (429, "60")


NOT_UNDERSTOOD = (
    *("/calls?limit=0", "/calls?limit=201", "/calls?since=yesterday", "/calls?caller=9123"),
    *("/calls?since=2026-01-01T00:00:00", "/calls?until=0001-01-01T00:00:00Z"),
    *("/calls?limit=1&limit=2", "/calls?before=%27", "/calls?language=tlh"),
    *("/figures?first=2026-02-02&last=2026-01-01", "/figures?last=0001-01-01"),
    *("/figures?last=9999-12-31", "/figures?first=2020-01-01", "/prompts"),
)


async def test_a_question_that_is_not_understood_is_refused_with_why(program: Program) -> None:
    await program.with_scopes(*Scope)
    for path in NOT_UNDERSTOOD:
        reply = await program.get(path)
        assert reply.status == 400, path
        assert len(reply.body["detail"]) > 10


ODD_BODIES = (
    *(("application/json", body) for body in (b"", b"{}", b"[]", b"null", b"\xff", b"[" * 60_000)),
    ("application/json", b'{"live_from": "0001-01-01T00:00:00Z", "odd": 1}'),
    ("application/json", b'{"live_from": "9999-12-31T23:59:59-12:00"}'),
    ("application/json", b'{"name": "\\ud800", "versions": []}'),
    ("application/json", b'{"name": "x", "versions": [{"language": "en", "number": 1e30}]}'),
    ("application/json", b" " * 70_000),
    ("audio/wav", b""),
    ("audio/wav", b"RIFF" + b"\xff" * 100),
    ("text/html", b"<p>"),
)


async def test_whatever_is_asked_the_answer_is_json_and_never_500(
    program: Program, console: Console
) -> None:
    await program.with_scopes(*Scope)
    console.site.api_throttle = Throttle(100_000)
    sent = {"Authorization": f"Bearer {program.secret}"}
    for odd in ODD:
        for endpoint in ENDPOINTS:
            names = [*endpoint.query.model_fields, "odd"]
            path = re.sub(r"\{\w+\}", odd, endpoint.path, count=1)
            path = re.sub(r"\{\w+\}", "1", path)  # a line of the header has 8,190 bytes at most
            for query in ("", *(f"?{name}={odd}" for name in names)):
                async with program.http.get(f"{ROOT}{path}{query}", headers=sent) as answer:
                    assert answer.status < 500, (path, query)
                    if answer.url.path.startswith("/api/"):
                        assert answer.content_type.endswith("json"), (path, query)
    for endpoint in ENDPOINTS:
        if endpoint.method != "POST":
            continue
        path = re.sub(r"\{\w+\}", "1001", endpoint.path) + "?language=en"
        for kind, body in ODD_BODIES:
            headers = sent | {"Content-Type": kind}
            async with program.http.post(f"{ROOT}{path}", headers=headers, data=body) as answer:
                assert 400 <= answer.status < 500, (path, kind, body[:40])
                assert answer.content_type == "application/problem+json"
    for method in ("POST", "DELETE"):
        async with program.http.request(method, f"{ROOT}/calls", headers=sent) as answer:
            assert (answer.status, answer.content_type) == (405, "application/problem+json")


async def test_a_token_is_shown_once_and_kept_as_a_hash(
    chromium: Browser, console: Console, program: Program
) -> None:
    context = await chromium.new_context(locale="en")
    visit = Visit(await context.new_page(), console.url)
    await visit.log_in(console.names[Role.ADMINISTRATOR], PASSWORDS[Role.ADMINISTRATOR])
    await visit.go("/tokens")
    page = visit.page
    await page.get_by_label("Name of the program").fill("nightly report")
    await visit.press("Make")  # it opens nothing yet
    await expect(page.locator("main")).to_contain_text("choose what")
    await expect(page.get_by_label("Name of the program")).to_have_value("nightly report")
    await page.get_by_label("figures").check()
    await visit.press("Make")
    secret = await page.locator(".notice code").inner_text()
    program.secret = secret
    assert (await program.get("/figures")).status == 200
    await visit.go("/tokens")
    row = page.get_by_role("row").filter(has_text="nightly report")
    await expect(row).to_contain_text(f"…{secret[-4:]}")
    await expect(row).to_contain_text("127.0.0.1")
    assert secret not in await page.content()
    await page.get_by_role("button", name="Revoke").click()
    await expect(row).to_contain_text("revoked")
    assert visit.asked == ["Revoke nightly report? Programs that use it are refused at once."]
    assert (await program.get("/figures")).status == 401
    assert visit.complaints == []
    await context.close()
    name = console.names[Role.ADMINISTRATOR]
    done = await deeds(console)
    assert [action for who, action in done if who == name and "token" in action] == [
        "token revoked",
        "token made",
    ]
    kept = str([vars(row) for row in await console.site.tokens.all()])
    logged = str([entry.detail for entry in await audit.read(console.site.records)])
    assert secret not in kept + logged
