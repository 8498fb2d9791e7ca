"""Results pushed to the address of their company: signed, and tried again until they are taken.

A push is due once its message is done, in the same transaction. It is put off before it is sent, so
that a process which dies meanwhile leaves it to the next: a result is pushed at least once, and
receivers know it by the ID of its message.
"""

from __future__ import annotations

import asyncio
import secrets
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import structlog
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from sqlalchemy import func, select, update

from ground.pauses import pause
from rocars.clock import Clock
from rocars.refusals import Problem
from rocars.secrets.push_keys import PushKeys
from rocars.store.database import Database
from rocars.store.tables.systems import BulkMessage, Push, PushAddress
from rocars.systems.push_addresses import GuardedResolver, check
from rocars.systems.settings import SystemSettings
from rocars.systems.submissions import status_of
from rocars.systems.worker import DATABASE_AWAY, READ_ANYWAY_S

log = structlog.get_logger("rocars.systems")

TAG = "rocars-push"
COVERED = ("@method", "@target-uri", "content-type")
"""And the digest of the content."""

LONGEST_PAUSE = timedelta(hours=1)
_SIGNED_FOR = timedelta(minutes=5)


@dataclass
class Outgoing:
    """A request as the signer sees it."""

    method: str
    url: str
    headers: MutableMapping[str, str]


@dataclass(frozen=True)
class DuePush:
    """A push that is this process's to send; `tries` counts this one."""

    message_id: int
    company_id: int
    url: str
    body: bytes
    tries: int


class Pusher:
    """To be run in its event loop."""

    def __init__(
        self, database: Database, clock: Clock, settings: SystemSettings, keys: PushKeys
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keys = keys
        self._signer = HTTPMessageSigner(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys=keys.private),
        )
        self._wake = asyncio.Event()
        self._may_have_changed = database.changes.seen_by(READ_ANYWAY_S)
        self._next_due: datetime | None = None
        self._in_flight: set[int] = set()
        self._asking = asyncio.Lock()
        """The lanes ask the database one after the other: posting takes long, and not this."""

    def due(self) -> None:
        """A push has become due here: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Push until cancelled."""
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=GuardedResolver(self._settings),
                    limit=self._settings.pushes_at_once,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._settings.push_timeout_s),
                trust_env=False,
            ) as http,
            asyncio.TaskGroup() as lanes,
        ):
            lanes.create_task(self._watch())
            for _ in range(self._settings.pushes_at_once):
                lanes.create_task(self._lane(http))

    async def _watch(self) -> None:
        """Wake the lanes for what another node put down, and for what has become due again."""
        failed = False
        while True:
            await pause(self._settings.look_s)
            if not (self._may_have_changed() or self._is_due() or failed):
                continue
            failed = True
            try:
                if await self._anything():
                    self._wake.set()
                failed = False
            except DATABASE_AWAY as error:
                log.error("pushes.database_away", error=type(error).__name__)
            except Exception:
                log.error("pushes.failed", trace=traceback.format_exc())

    async def _lane(self, http: aiohttp.ClientSession) -> None:
        while True:
            self._wake.clear()
            try:
                if await self.step(http):
                    continue
            except DATABASE_AWAY as error:
                log.error("pushes.database_away", error=type(error).__name__)
            except Exception:
                log.error("pushes.failed", trace=traceback.format_exc())
            await self._wake.wait()

    async def step(self, http: aiohttp.ClientSession) -> bool:
        """Push what is due longest, of a company that nothing is being pushed to; whether there was
        any. Raises what the database raises."""
        if not await self._anything():
            return False
        push = await self.claim()
        if push is None:
            return False
        try:
            outcome = await self.send(http, push)
            await self.settle(push, outcome)
        finally:
            self._in_flight.discard(push.company_id)
        return True

    async def _anything(self) -> bool:
        """Asked without the write lock."""
        async with self._asking, self._database.reading() as session:
            self._next_due = await session.scalar(
                select(func.min(Push.due_at)).where(
                    Push.state == "due", Push.company_id.not_in(self._in_flight)
                )
            )
        return self._is_due()

    def _is_due(self) -> bool:
        """Whether a push is due by now that was there at the last look."""
        return self._next_due is not None and self._next_due <= self._clock()

    async def claim(self) -> DuePush | None:
        """The next push, put off so that no other node sends it too."""
        now = self._clock()
        async with self._asking, self._database.writing() as session:
            push = await session.scalar(
                select(Push)
                .where(
                    Push.state == "due",
                    Push.due_at <= now,
                    Push.company_id.not_in(self._in_flight),
                )
                .order_by(Push.due_at, Push.message_id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if push is None:
                return None
            push.tries += 1
            push.due_at = now + timedelta(seconds=2 * self._settings.push_timeout_s)
            address = await session.get(PushAddress, push.company_id)
            if address is None:
                push.state, push.last = "given_up", "the address was withdrawn"
                return None
            status = await status_of(session, await session.get_one(BulkMessage, push.message_id))
        self._in_flight.add(push.company_id)
        return DuePush(
            push.message_id,
            push.company_id,
            address.url,
            status.model_dump_json().encode(),
            push.tries,
        )

    async def send(self, http: aiohttp.ClientSession, push: DuePush) -> str:
        """Post it; empty when it was taken, otherwise why it was not."""
        try:
            check(push.url, self._settings)  # the settings may have changed
        except Problem as problem:
            return problem.detail
        request = Outgoing("POST", push.url, {"Content-Type": "application/json; charset=utf-8"})
        now = datetime.now().astimezone()
        self._signer.sign(
            request,
            key_id=self._keys.current,
            created=now,
            expires=now + _SIGNED_FOR,
            nonce=secrets.token_urlsafe(16),
            label="rocars",
            tag=TAG,
            covered_component_ids=COVERED,
            body=push.body,
        )
        try:
            async with http.post(
                push.url, data=push.body, headers=dict(request.headers), allow_redirects=False
            ) as answer:
                return "" if 200 <= answer.status < 300 else f"answered {answer.status}"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return type(error).__name__

    async def settle(self, push: DuePush, failure: str) -> None:
        """Write down how it ended."""
        state = "due"
        if not failure:
            state = "delivered"
        elif push.tries >= self._settings.push_tries:
            state = "given_up"
        async with self._asking, self._database.writing() as session:
            await session.execute(
                update(Push)
                .where(Push.message_id == push.message_id, Push.state == "due")
                .values(
                    state=state,
                    due_at=self._clock() + self._pause(push.tries),
                    last=(failure or "taken")[:80],
                )
            )
        log.info("push.ended", tries=push.tries, state=state, failure=failure)

    def _pause(self, tries: int) -> timedelta:
        """Until the next try; not quite even, so that a receiver that comes back is not overrun."""
        doubled = timedelta(seconds=self._settings.push_first_pause_s * 2.0 ** min(tries - 1, 20))
        return min(doubled, LONGEST_PAUSE) * (1 + secrets.randbelow(200) / 1000)
