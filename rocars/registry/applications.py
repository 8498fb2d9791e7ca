"""Applications: sent, looked at again, corrected, withdrawn; the registrars' queue."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, cast

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from rocars.clock import Clock
from rocars.registry.application_form import ApplicationData
from rocars.registry.deeds import APPLICANT, NotPossible, needed, note
from rocars.registry.settings import RegistrationSettings
from rocars.secrets.pins import PinHasher
from rocars.store.database import Database
from rocars.store.tables.applications import Application, RegistrationDeed

log = structlog.get_logger("rocars.registration")

ApplicationState = Literal["waiting", "asked", "approved", "refused", "withdrawn"]
OPEN = ("waiting", "asked")
A_PAGE = 50

UNMISTAKABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 letters and digits; none looks like another."""
SHORTEST_KEY = 20
CODE_LENGTH = 12
"""60 bits: nobody guesses the code of an application."""


@dataclass(frozen=True)
class Sent:
    """What an applicant keeps, to look again. `code` is nowhere in clear but here."""

    reference: str
    code: str = field(repr=False)


@dataclass(frozen=True)
class ApplicationView:
    """An application as officers and its applicant see it."""

    id: int
    reference: str
    state: ApplicationState
    version: int
    counter: str
    answer: str
    sent_at: datetime
    changed_at: datetime
    data: ApplicationData


def written(text: str) -> str:
    """A reference or code as it is kept, however it was typed."""
    return "".join(letter for letter in text.upper() if letter.isalnum())[:20]


def _word(meaning: str, key: str, length: int) -> str:
    """Letters and digits that only who knows the key can tell."""
    digest = hashlib.sha256(f"{meaning}\0{key}".encode()).digest()
    return "".join(UNMISTAKABLE[byte % len(UNMISTAKABLE)] for byte in digest[:length])


class Applications:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: RegistrationSettings,
        hasher: PinHasher,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._hasher = hasher

    async def send(self, data: ApplicationData, key: str) -> Sent:
        """Put an application into the queue. The same `key`, which only the applicant's browser
        knows, gives the same answer and is one application, however often it is sent: other data
        correct it.

        Raises NotPossible for a key that is too short, and for other data once it is decided.
        """
        if len(key) < SHORTEST_KEY:
            raise NotPossible("This form was too old, or not of this web. Try again.")
        sent = Sent(_word("reference", key, 8), _word("code", key, CODE_LENGTH))
        before = await self.of_applicant(sent.reference, sent.code)
        if before is not None:
            if before.data != data:
                await self.correct(before, data)
            return sent
        hashed = await self._hasher.hash(sent.code)
        try:
            await self._add(data, sent, hashed)
        except IntegrityError:
            if await self.of_applicant(sent.reference, sent.code) is None:
                raise NotPossible("This form was too old, or not of this web. Try again.") from None
        log.info("application.sent", reference=sent.reference)
        return sent

    async def _add(self, data: ApplicationData, sent: Sent, hashed: str) -> None:
        now = self._clock()
        async with self._database.writing() as session:
            session.add(
                Application(
                    reference=sent.reference,
                    code_hash=hashed,
                    state="waiting",
                    counter=data.counter,
                    language=data.language,
                    version=1,
                    data=data.model_dump(mode="json"),
                    answer="",
                    sent_at=now,
                    changed_at=now,
                )
            )
            note(session, now, APPLICANT, "sent", sent.reference)

    async def of_applicant(self, reference: str, code: str) -> ApplicationView | None:
        """An application for who knows its code; None whatever was wrong, after the same work."""
        async with self._database.reading() as session:
            kept = (
                await session.execute(
                    select(Application).where(Application.reference == written(reference))
                )
            ).scalar()
        right = await self._hasher.verify(kept.code_hash if kept else None, written(code))
        return _view(kept) if kept is not None and right else None

    async def correct(self, seen: ApplicationView, data: ApplicationData) -> None:
        """Replace what was applied for; it goes back into the queue. Raises NotPossible."""
        now = self._clock()
        async with self._database.writing() as session:
            kept = await open_application(session, seen.id, seen.version)
            kept.data = data.model_dump(mode="json")
            kept.counter, kept.language = data.counter, data.language
            kept.state, kept.version, kept.changed_at = "waiting", kept.version + 1, now
            note(session, now, APPLICANT, "corrected", kept.reference)

    async def withdraw(self, seen: ApplicationView) -> None:
        """Raises NotPossible."""
        now = self._clock()
        async with self._database.writing() as session:
            kept = await open_application(session, seen.id, seen.version)
            kept.state, kept.changed_at = "withdrawn", now
            note(session, now, APPLICANT, "withdrawn", kept.reference)

    async def queue(
        self, states: Sequence[str] = OPEN, counter: str = "", after: int = 0
    ) -> Sequence[ApplicationView]:
        """The oldest first, at most `A_PAGE`."""
        wanted = select(Application).where(Application.state.in_(states), Application.id > after)
        if counter:
            wanted = wanted.where(Application.counter == counter)
        async with self._database.reading() as session:
            found = await session.execute(wanted.order_by(Application.id).limit(A_PAGE))
            return [_view(kept) for kept in found.scalars()]

    async def counts(self) -> dict[str, int]:
        """How many there are of each state."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(Application.state, func.count().label("number")).group_by(Application.state)
            )
            return {row.state: row.number for row in rows}

    async def look(self, officer: str, number: int) -> ApplicationView | None:
        """One application for an officer; that they looked is written down."""
        async with self._database.writing() as session:
            kept = await session.get(Application, number)
            if kept is None:
                return None
            note(session, self._clock(), officer, "looked", kept.reference)
            return _view(kept)

    async def ask(self, officer: str, number: int, version: int, question: str) -> None:
        """Ask the applicant for more. Raises NotPossible."""
        await self._answer(officer, number, version, "asked", question)

    async def refuse(self, officer: str, number: int, version: int, reason: str) -> None:
        """Raises NotPossible."""
        await self._answer(officer, number, version, "refused", reason)

    async def _answer(
        self, officer: str, number: int, version: int, state: str, answer: str
    ) -> None:
        answer = needed(answer)
        now = self._clock()
        async with self._database.writing() as session:
            kept = await open_application(session, number, version)
            kept.state, kept.answer, kept.changed_at = state, answer, now
            kept.version += 1
            note(session, now, officer, state, kept.reference, answer)

    async def sweep(self) -> None:
        """Delete what was refused or withdrawn long ago, and what is too old of the log."""
        now = self._clock()
        async with self._database.writing() as session:
            await session.execute(
                delete(Application).where(
                    Application.state.in_(("refused", "withdrawn")),
                    Application.changed_at < now - timedelta(days=self._settings.keep_days),
                )
            )
            await session.execute(
                delete(RegistrationDeed).where(
                    RegistrationDeed.done_at < now - timedelta(days=self._settings.log_days)
                )
            )


async def open_application(session: AsyncSession, number: int, version: int) -> Application:
    """The application, locked, if it may still be decided and is what was seen. Raises
    NotPossible."""
    kept = (
        await session.execute(select(Application).where(Application.id == number).with_for_update())
    ).scalar()
    if kept is None or kept.state not in OPEN:
        raise NotPossible("This application is decided already.")
    if kept.version != version:
        raise NotPossible("This application was changed meanwhile. Look at it again.")
    return kept


def _view(kept: Application) -> ApplicationView:
    return ApplicationView(
        id=kept.id,
        reference=kept.reference,
        state=cast(ApplicationState, kept.state),
        version=kept.version,
        counter=kept.counter,
        answer=kept.answer,
        sent_at=kept.sent_at,
        changed_at=kept.changed_at,
        data=ApplicationData.model_validate(kept.data),
    )
