"""A web made of the ground alone, with accounts, pages, words and roles of its own.

It stands for the next web of ours; nothing of the telephone channel or of ROCARS is in it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, web
from sqlalchemy import ForeignKey, MetaData, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ground.database.engine import Limits, for_writing, open_engine
from ground.database.transactions import Transactions
from ground.database.urls import sqlite_url
from ground.web.access import Access
from ground.web.assets import ROUTE, Assets
from ground.web.forms import Form
from ground.web.headers import with_headers
from ground.web.navigation import Entry, PageModule, entries_of
from ground.web.pages import Look, Pages
from ground.web.passwords import SecretHasher
from ground.web.sessions import HeldSession, SessionColumns, Sessions
from ground.web.words import Words

pytestmark = pytest.mark.service

HERE = Path(__file__).with_name("depot")
COOKIE = "depot"
PASSWORD = "drive carefully now"
LIMITS = Limits(
    pool_size=2,
    pool_timeout_s=5,
    busy_timeout_ms=1000,
    connect_timeout_s=5,
    statement_timeout_s=5,
)


class Base(DeclarativeBase):
    metadata = MetaData()


class Clerk(Base):
    __tablename__ = "clerk"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    may_sell: Mapped[bool]
    active: Mapped[bool] = mapped_column(default=True)


class ClerkSession(SessionColumns, Base):
    __tablename__ = "clerk_session"

    clerk_id: Mapped[int] = mapped_column(ForeignKey(Clerk.id))


class Away(Exception):
    """The database does not answer."""


class Depot:
    """The web, with two clerks; one may sell trucks."""

    def __init__(self, path: Path) -> None:
        self.engine = open_engine(sqlite_url(path), LIMITS)
        self.database = Transactions(self.engine)
        self.hasher = SecretHasher(time_cost=1, memory_kib=64, parallelism=1)
        self.sessions = Sessions(
            self.database,
            table=ClerkSession,
            owner=ClerkSession.clerk_id,
            account=Clerk,
            key=Clerk.id,
            active=Clerk.active.is_(True),
            longest=timedelta(hours=8),
            idle=timedelta(hours=1),
        )
        self.trucks = 3
        self.away = False
        self.words = Words(HERE / "translations", cookie="depot_language")
        self.assets = Assets(HERE / "static")
        self.pages = Pages(
            HERE / "templates",
            Look(
                name="Depot",
                home=("/trucks", "To the trucks"),
                without_database="The trucks are kept.",
                icon="truck.svg",
            ),
            self.words,
            self.assets,
        )
        access: Access[HeldSession[Clerk], bool] = Access(
            cookie=COOKIE,
            visitor=self._visitor,
            may=lambda visitor, selling: visitor.account.may_sell or not selling,
            public_url=lambda _: "",
            failure=self._failure,
            unavailable=Away,
        )
        trucks = PageModule(
            lambda: [
                web.get("/trucks", access.page(False, self._show)),
                web.post("/trucks/sell", access.action(True, self._sell)),
                web.post("/log-in", self._log_in),
            ],
            (Entry("/trucks", "Trucks", False), Entry("/prices", "Prices", True)),
        )
        self.entries = entries_of([trucks])
        self.app = web.Application(middlewares=[with_headers])
        self.app.router.add_routes(trucks.routes())
        self.app.router.add_get(ROUTE, self.assets.serve)
        self.app.router.add_post("/language", self._choose_language)

    async def fill(self) -> None:
        async with for_writing(self.engine).begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        for name, may_sell in (("ho", False), ("lam", True)):
            hashed = await self.hasher.hash(PASSWORD)
            async with self.database.writing() as session:
                session.add(Clerk(name=name, password_hash=hashed, may_sell=may_sell))

    async def _visitor(self, _: web.Request, token: str) -> HeldSession[Clerk] | None:
        if self.away:
            raise Away
        return await self.sessions.held_by(token)

    async def _choose_language(self, request: web.Request) -> web.StreamResponse:
        return await self.words.choose(request, "")

    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        async with self.database.writing() as session:
            clerk = await session.scalar(select(Clerk).where(Clerk.name == form["name"]))
            hashed = clerk.password_hash if clerk is not None else None
            right = await self.hasher.verify(hashed, str(form["password"]))
            if clerk is None or not right:
                return web.Response(status=403)
            held = self.sessions.begin(session, clerk)
        answer = web.Response(text="in")
        answer.set_cookie(COOKIE, held.token, httponly=True, samesite="Lax")
        return answer

    async def _show(self, request: web.Request, visitor: HeldSession[Clerk]) -> web.StreamResponse:
        return self._page(request, "trucks.html.j2", visitor, trucks=self.trucks)

    async def _sell(
        self, request: web.Request, visitor: HeldSession[Clerk], form: Form
    ) -> web.StreamResponse:
        self.trucks -= int(form.text("number"))
        raise web.HTTPSeeOther("/trucks")

    def _failure(
        self, request: web.Request, status: int, visitor: HeldSession[Clerk] | None
    ) -> web.StreamResponse:
        return self._page(request, "error.html.j2", visitor, status=status, code=status)

    def _page(
        self,
        request: web.Request,
        template: str,
        visitor: HeldSession[Clerk] | None,
        *,
        status: int = 200,
        **given: Any,
    ) -> web.Response:
        sells = visitor is not None and visitor.account.may_sell
        return self.pages.render(
            request,
            template,
            csrf=visitor.csrf if visitor else "",
            account=visitor.account.name if visitor else "",
            navigation=[entry for entry in self.entries if sells or not entry.needed],
            status=status,
            **given,
        )


@dataclass(frozen=True)
class Open:
    depot: Depot
    url: str

    @asynccontextmanager
    async def browser(self, name: str = "") -> AsyncIterator[ClientSession]:
        async with ClientSession(self.url, cookie_jar=CookieJar(unsafe=True)) as session:
            if name:
                form = {"name": name, "password": PASSWORD}
                async with session.post("/log-in", data=form) as answer:
                    assert answer.status == 200
            yield session


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    depot = Depot(tmp_path / "depot.sqlite3")
    await depot.fill()
    runner = web.AppRunner(depot.app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Open(depot, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
    await depot.database.close()


async def csrf(session: ClientSession) -> str:
    async with session.get("/trucks") as page:
        found = re.search(r'name="csrf" value="([^"]+)"', await page.text())
    assert found is not None
    return found[1]


async def test_a_page_has_the_frame_and_the_entries_of_its_visitor(opened: Open) -> None:
    async with opened.browser("ho") as session, session.get("/trucks") as page:
        text = await page.text()
        assert "<title>Trucks · Depot</title>" in text
        assert '<a href="/trucks" aria-current="page">Trucks</a>' in text
        assert "/prices" not in text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    async with opened.browser("lam") as session, session.get("/trucks") as page:
        assert "/prices" in await page.text()


async def test_its_assets_and_those_of_all_webs_may_be_kept_for_good(opened: Open) -> None:
    async with opened.browser("ho") as session:
        async with session.get("/trucks") as page:
            addresses = re.findall(r'"(/static/[^"]+)"', await page.text())
        names = {address.rpartition("/")[2] for address in addresses}
        assert {"truck.svg", "base.css", "base.js"} <= names
        for address in addresses:
            async with session.get(address) as asset:
                assert asset.status == 200
                assert "immutable" in asset.headers["Cache-Control"]
        async with session.get("/static/x/forms.py") as none:
            assert none.status == 404


async def test_who_is_nobody_is_sent_to_the_log_in(opened: Open) -> None:
    async with opened.browser() as session:
        async with session.get("/trucks?a=b", allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/login?next=/trucks?a%3Db"
        async with session.post("/trucks/sell", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/login")


async def test_an_action_needs_the_role_the_token_and_the_same_site(opened: Open) -> None:
    async with opened.browser("ho") as session:
        form = {"csrf": await csrf(session), "number": "1"}
        async with session.post("/trucks/sell", data=form) as answer:
            assert answer.status == 403
            assert "You may not do that" in await answer.text()
    async with opened.browser("lam") as session:
        form = {"csrf": await csrf(session), "number": "1"}
        for data, headers in (
            (form | {"csrf": "x"}, {}),
            (form, {"Sec-Fetch-Site": "cross-site"}),
            (form, {"Origin": "https://evil.example"}),
        ):
            async with session.post("/trucks/sell", data=data, headers=headers) as answer:
                assert answer.status == 403
        assert opened.depot.trucks == 3
        async with session.post("/trucks/sell", data=form) as answer:
            assert '<p id="trucks">2</p>' in await answer.text()


async def test_it_speaks_both_languages_frame_included(opened: Open) -> None:
    async with opened.browser("ho") as session:
        form = {"language": "zh-Hant", "next": "/trucks"}
        async with session.post("/language", data=form) as page:
            text = await page.text()
        assert "<h1>貨車</h1>" in text
        assert "登出" in text
        async with session.post("/language", data={"language": "xx", "next": "//evil"}) as page:
            assert page.url.path == "/"


async def test_without_the_database_a_page_says_so(opened: Open) -> None:
    async with opened.browser("ho") as session:
        opened.depot.away = True
        async with session.get("/trucks") as page:
            assert page.status == 503
            text = await page.text()
        assert "The trucks are kept." in text
        assert "To the trucks" in text


async def test_a_session_ends_with_its_time_and_with_its_account(opened: Open) -> None:
    depot = opened.depot
    async with opened.browser("ho") as session:
        async with session.get("/trucks", allow_redirects=False) as page:
            assert page.status == 200
        async with depot.database.writing() as writing:
            held = (await writing.execute(select(ClerkSession))).scalar_one()
            held.seen_at -= timedelta(minutes=61)
        async with session.get("/trucks", allow_redirects=False) as page:
            assert page.status == 303
    async with opened.browser("lam") as session:
        async with depot.database.writing() as writing:
            await writing.execute(update(Clerk).values(active=False))
        async with session.get("/trucks", allow_redirects=False) as page:
            assert page.status == 303
    async with depot.database.reading() as reading:
        assert len((await reading.execute(select(ClerkSession))).all()) == 1
    async with depot.database.writing() as writing:
        await writing.execute(update(ClerkSession).values(began_at=held.began_at - timedelta(9)))
    await depot.sessions.purge()
    async with depot.database.reading() as reading:
        assert (await reading.execute(select(ClerkSession))).all() == []
