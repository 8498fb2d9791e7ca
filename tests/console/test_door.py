"""Who gets in, what each may do, and what other sites cannot make a browser do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import ClientSession, CookieJar, FormData, web
from sqlalchemy import update

from ivr.console.app import ROOMS
from ivr.console.door.guard import COOKIE
from ivr.records import audit
from ivr.records.facts import now
from ivr.records.people_tables import WebSession
from ivr.records.roles import Role
from tests.console.conftest import PASSWORDS, Console, a_recording

pytestmark = [pytest.mark.service, pytest.mark.asyncio(loop_scope="session")]

OPEN = {
    *("/login", "/login/code", "/login/passkey", "/language"),
    *("/login/provider", "/login/provider/back"),
    *("/login/provider/out", "/login/provider/ended"),
}


def all_routes(method: str) -> Iterator[str]:
    """Every route of the pages, with something in the place of what varies."""
    fill = {"number": "1001", "language": "en", "version": "1", "order": "close", "slot": "0"}
    for room in ROOMS:
        for route in room.routes():
            assert isinstance(route, web.RouteDef)
            if route.method == method and route.path not in OPEN:
                path = re.sub(
                    r"\{(\w+)(:[^{}]*)?\}", lambda found: fill.get(found[1], "x"), route.path
                )
                yield path.replace("/live/x/close", "/live/x/hang-up").replace(
                    "/prompts/versions/x", "/prompts/versions/1"
                )


@asynccontextmanager
async def browser(console: Console, role: Role | None) -> AsyncIterator[ClientSession]:
    async with ClientSession(console.url, cookie_jar=CookieJar(unsafe=True)) as session:
        if role is not None:
            form = {"name": console.names[role], "password": PASSWORDS[role]}
            async with session.post("/login", data=form, allow_redirects=False) as answer:
                assert answer.status == 303
        yield session


async def token(session: ClientSession) -> str:
    async with session.get("/me") as page:
        found = re.search(r'name="csrf" value="([^"]+)"', await page.text())
    assert found is not None
    return found[1]


async def test_every_page_asks_who_one_is(console: Console) -> None:
    async with browser(console, None) as stranger:
        for path in all_routes("GET"):
            async with stranger.get(path, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"][:6]) == (303, "/login"), path


async def test_no_action_is_done_without_the_token_of_the_session(console: Console) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        paths = list(all_routes("POST"))
        assert len(paths) > 15
        for path in paths:
            for form in ({}, {"csrf": "x" * 43}):
                async with session.post(path, data=form, allow_redirects=False) as answer:
                    assert answer.status == 403, path


async def test_no_action_is_done_for_another_site(console: Console) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        form = {"csrf": await token(session)}
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": f"file://{console.url.removeprefix('http://')}"},
            {"Origin": "http://[::1"},
        ):
            for path in (*all_routes("POST"), "/login"):
                async with session.post(path, data=form, headers=headers) as answer:
                    assert answer.status == 403, path


@pytest.mark.parametrize(
    ("role", "pages", "actions"),
    [
        (Role.VIEWER, {"/people": 403, "/audit": 403, "/calls.csv": 403, "/prompts/en": 200}, 403),
        (Role.OPERATOR, {"/people": 403, "/audit": 403, "/calls.csv": 200}, 403),
        (Role.REVIEWER, {"/people": 403, "/audit": 403}, 303),
        (Role.ADMINISTRATOR, {"/people": 200, "/audit": 200}, 303),
    ],
)
async def test_each_role_has_its_limits(
    console: Console, role: Role, pages: dict[str, int], actions: int
) -> None:
    async with browser(console, role) as session:
        for path, status in pages.items():
            async with session.get(path) as answer:
                assert answer.status == status, path
        form = {"csrf": await token(session)}
        async with session.post(
            "/prompts/versions/99/live", data=form, allow_redirects=False
        ) as answer:
            assert answer.status == actions
        async with session.post("/people", data=form, allow_redirects=False) as answer:
            assert answer.status == (422 if role is Role.ADMINISTRATOR else 403)


async def test_a_viewer_may_not_record(console: Console) -> None:
    async with browser(console, Role.VIEWER) as session:
        form = FormData({"csrf": await token(session)})
        form.add_field("recording", a_recording(), filename="a.wav")
        async with session.post("/prompts/en/1001/recording", data=form) as answer:
            assert answer.status == 403
    assert await console.site.versions.of_clip("en", "welcome.greeting") == []


async def test_the_cookie_is_kept_from_scripts_and_other_sites(console: Console) -> None:
    form = {"name": console.names[Role.VIEWER], "password": PASSWORDS[Role.VIEWER]}
    async with (
        ClientSession(console.url) as session,
        session.post("/login", data=form, allow_redirects=False) as answer,
    ):
        cookie = answer.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


async def test_behind_tls_the_cookie_is_for_tls_alone(console: Console) -> None:
    ruled(console, public_url="https://c.example")
    form = {"name": console.names[Role.VIEWER], "password": PASSWORDS[Role.VIEWER]}
    async with (
        ClientSession(console.url) as session,
        session.post("/login", data=form, allow_redirects=False) as answer,
    ):
        for name in (f"__Host-{COOKIE}", "__Host-rocars_device"):
            cookie = answer.cookies[name]
            assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        held = {f"__Host-{COOKIE}": answer.cookies[f"__Host-{COOKIE}"].value}
        async with session.get("/me", cookies=held) as page:
            assert page.status == 200
        stolen = {COOKIE: held[f"__Host-{COOKIE}"]}
        async with session.get("/me", cookies=stolen, allow_redirects=False) as page:
            assert page.status == 303


def ruled(console: Console, **rules: object) -> None:
    """The console with other settings."""
    changed = console.site.settings.console.model_copy(update=rules)
    console.site.settings = console.settings.model_copy(update={"console": changed})


@pytest.mark.parametrize(
    "there", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"]
)
async def test_a_log_in_leads_nowhere_else(console: Console, there: str) -> None:
    form = {"name": console.names[Role.VIEWER], "password": PASSWORDS[Role.VIEWER], "next": there}
    async with ClientSession(console.url) as session:
        for path, fields in (("/login", form), ("/language", {"language": "en", "next": there})):
            async with session.post(path, data=fields, allow_redirects=False) as answer:
                assert answer.headers["Location"] == "/"
        async with session.get("/login", params={"next": there}) as page:
            assert 'name="next" value="/"' in await page.text()


async def test_the_console_is_asked_under_its_own_names_alone(console: Console) -> None:
    ruled(console, hosts=("desk.example.hk",))
    async with ClientSession(console.url) as session:
        for host, status in (
            ("evil.example", 421),
            ("", 421),
            ("127.0.0.1.evil.example", 421),
            ("[::1", 421),
            ("desk.example.hk", 200),
            ("localhost:8080", 200),
            ("[::1]:8080", 200),
        ):
            async with session.get("/login", headers={"Host": host}) as answer:
                assert answer.status in (status, 400 if not host else status), host
            async with session.get("/health/live", headers={"Host": host}) as answer:
                assert answer.status in (200, 400), host


async def test_a_first_password_is_changed_before_anything_is_seen(console: Console) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        form = {
            "csrf": await token(session),
            "name": "wong",
            "full_name": "Wong Mei Ling",
            "role": "operator",
            "password": "given at the first desk",
        }
        async with session.post("/people", data=form) as page:
            assert "has to choose a password" in await page.text()
    async with ClientSession(console.url, cookie_jar=CookieJar(unsafe=True)) as session:
        given = {"name": "wong", "password": form["password"]}
        async with session.post("/login", data=given) as page:
            assert page.url.path == "/me"
            assert "Choose your own" in await page.text()
        for path in ("/live", "/calls", "/prompts/en/1001"):
            async with session.get(path, allow_redirects=False) as answer:
                assert answer.headers["Location"] == "/me"
        for chosen, there in ((form["password"], "/me"), ("chosen by mei ling herself", "/login")):
            change = {"csrf": await token(session), "old": form["password"], "password": chosen}
            async with session.post("/me/password", data=change) as page:
                assert page.url.path == there


async def test_what_was_typed_on_an_old_page_is_not_lost(console: Console) -> None:
    async with browser(console, Role.OPERATOR) as session:
        old = {"csrf": "of an earlier session", "words": "Good <b>morning</b>"}
        headers = {"Referer": f"{console.url}/prompts/en/1001"}
        async with session.post("/prompts/en/1001/words", data=old, headers=headers) as answer:
            page = await answer.text()
            assert answer.status == 403
        assert "Good &lt;b&gt;morning&lt;/b&gt;" in page
        fresh = re.search(r'name="csrf" value="([^"]+)"', page)
        assert fresh is not None
        assert await console.site.versions.of_clip("en", "welcome.greeting") == []


async def test_a_refused_account_loses_nothing_typed(console: Console) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        form = {
            "csrf": await token(session),
            "name": "wong",
            "full_name": "Wong Mei Ling",
            "role": "reviewer",
            "password": "short",
        }
        async with session.post("/people", data=form) as answer:
            page = await answer.text()
    assert 'value="wong"' in page
    assert 'value="Wong Mei Ling"' in page
    assert re.search(r'<option value="reviewer" selected>', page)
    assert "12 characters or more" in page


async def test_a_notice_reaches_the_one_it_is_for(console: Console) -> None:
    """A page that asks by itself eats none, nor does another console behind the same balancer."""
    async with browser(console, Role.OPERATOR) as session:
        form = {"csrf": await token(session)}
        async with session.post("/nodes/hk1/close", data=form, allow_redirects=False):
            pass
        async with session.get("/live/now") as piece:
            assert "takes no new calls; those" not in await piece.text()
        async with session.get("/calls") as page:
            assert "takes no new calls; those" in await page.text()
        async with session.get("/calls") as page:
            assert "takes no new calls; those" not in await page.text()


async def test_a_page_that_asks_by_itself_keeps_nobody_logged_in(console: Console) -> None:
    async with browser(console, Role.VIEWER) as session:
        for minutes, path, status in (
            (59, "/live/now", 200),
            (61, "/live/now", 401),
        ):
            async with console.site.records.writing() as writing:
                await writing.execute(
                    update(WebSession).values(seen_at=now() - timedelta(minutes=minutes))
                )
            headers = {"HX-Request": "true", "HX-Current-URL": f"{console.url}/live"}
            async with session.get(path, headers=headers, allow_redirects=False) as answer:
                assert answer.status == status
        assert answer.headers["HX-Redirect"] == "/login?next=%2Flive"


async def test_every_answer_tells_the_browser_what_to_refuse(console: Console) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        for path in (
            "/login",
            "/live",
            "/people",
            "/static/x/none",
            "/no/such/page",
            "/health/live",
        ):
            async with session.get(path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "http" not in policy
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_guessing_from_one_address_is_slowed(console: Console) -> None:
    from ground.web.throttle import Throttle

    console.site.throttle = Throttle(3)
    async with ClientSession(console.url) as session:
        statuses = []
        for number in range(5):
            form = {"name": f"nobody{number}", "password": "wrong"}
            async with session.post("/login", data=form) as answer:
                statuses.append(answer.status)
    assert statuses == [403, 403, 403, 429, 429]


@pytest.mark.parametrize(
    ("public_url", "proxies", "forwarded", "address"),
    [
        ("", ("127.0.0.1/32",), "10.9.9.9, 198.51.100.7", "127.0.0.1"),
        ("https://c.example", ("127.0.0.1/32",), "10.9.9.9, 198.51.100.7", "198.51.100.7"),
        ("https://c.example", ("192.0.2.0/24",), "10.9.9.9, 198.51.100.7", "127.0.0.1"),
        (
            "https://c.example",
            ("127.0.0.1/32", "198.51.100.0/24"),
            "1.2.3.4, 198.51.100.7",
            "1.2.3.4",
        ),
        ("https://c.example", ("127.0.0.1/32",), "198.51.100.7, <script>", "127.0.0.1"),
    ],
)
async def test_a_proxy_of_ours_tells_where_somebody_is(
    console: Console, public_url: str, proxies: tuple[str, ...], forwarded: str, address: str
) -> None:
    ruled(console, public_url=public_url, trusted_proxies=proxies)
    form = {"name": console.names[Role.VIEWER], "password": PASSWORDS[Role.VIEWER]}
    headers = {"X-Forwarded-For": forwarded}
    async with (
        ClientSession(console.url) as session,
        session.post("/login", data=form, headers=headers, allow_redirects=False),
    ):
        (entry,) = await audit.read(console.site.records, who=console.names[Role.VIEWER])
    assert entry.detail["address"] == address


async def test_a_locked_account_says_how_long(console: Console) -> None:
    form = {"name": console.names[Role.VIEWER], "password": "wrong"}
    async with ClientSession(console.url) as session:
        for _ in range(5):
            async with session.post("/login", data=form) as answer:
                assert answer.status == 403
        async with session.post("/login", data=form) as answer:
            assert answer.status == 429
            assert "locked for 1 min" in await answer.text()


async def test_log_ins_and_their_failures_are_written_down(console: Console) -> None:
    async with browser(console, Role.OPERATOR) as session:
        form = {"csrf": await token(session)}
        async with session.post("/logout", data=form):
            pass
        wrong = {"name": console.names[Role.OPERATOR], "password": "wrong"}
        async with session.post("/login", data=wrong):
            pass
    entries = await audit.read(console.site.records, who=console.names[Role.OPERATOR])
    assert [entry.action for entry in entries] == ["log-in failed", "logged out", "logged in"]
    assert {entry.detail["address"] for entry in entries} == {"127.0.0.1"}


async def test_a_form_too_large_is_refused_before_it_is_read(console: Console) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        for path in ("/people", "/login", "/live/x/hang-up"):
            form = FormData({"csrf": await token(session), "name": "x" * 200_000})
            async with session.post(path, data=form) as answer:
                assert answer.status == 413, path


async def test_without_the_database_the_page_says_so(console: Console) -> None:
    async with browser(console, Role.ADMINISTRATOR) as session:
        path = console.directory / "records.sqlite3"
        await console.site.records.close()
        path.rename(path.with_suffix(".away"))
        path.mkdir()
        async with session.get("/live") as answer:
            assert answer.status == 503
            assert "database is not available" in await answer.text()
