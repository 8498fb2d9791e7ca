"""How far everybody is in the courses: kept beside the accounts, and seen by trainers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar, get_args

from sqlalchemy import Select, delete, select

from rocars.clock import Clock
from rocars.registry.messages import RehearsedStep
from rocars.store.database import Database
from rocars.store.tables.course import CourseTaken
from rocars.store.tables.registration import Company
from rocars.store.tables.web import WebAccount

Step = Literal["lodge", "amend", "board"] | RehearsedStep
Place = Literal["web", "kiosk", "telephone"]
STEPS: Mapping[Place, tuple[Step, ...]] = {
    "web": ("lodge", "amend", "bundle", "board"),
    "kiosk": ("lodge", "bundle", "board"),
    "telephone": get_args(RehearsedStep),
}
"""By where a course is taken, in their order: at kiosks nothing is amended, and drivers on the
telephone lodge nothing."""

A_PAGE = 200

Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Progress:
    """Where somebody is. `done` has the steps done, and when; `ccrn` and `board` are what the later
    steps on the training ground are about."""

    place: Place
    begun_at: datetime
    done: Mapping[str, str]
    ccrn: str = ""
    board: Mapping[str, Any] | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return STEPS[self.place]

    @property
    def next_step(self) -> Step | None:
        """The first that is not done."""
        return next((step for step in self.steps if step not in self.done), None)


@dataclass(frozen=True)
class Trainee:
    """Somebody as their trainer sees them."""

    user_id: str
    name: str
    company: str
    progress: Progress


class CourseProgress:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, account_id: int, place: Place) -> Progress:
        """Somebody's; it begins when it is first asked for."""
        return await self.change(account_id, place, lambda _: None)

    async def change(
        self, account_id: int, place: Place, do: Callable[[CourseTaken], None]
    ) -> Progress:
        """`do` changes the record, in the transaction that holds it."""
        async with self._database.writing() as session:
            taken = await session.get(CourseTaken, (account_id, place), with_for_update=True)
            if taken is None:
                taken = CourseTaken(
                    account_id=account_id,
                    place=place,
                    begun_at=self._clock(),
                    steps={},
                    ccrn="",
                    board=None,
                )
                session.add(taken)
            do(taken)
            await session.flush()
            return _progress(taken)

    async def begin_again(self, account_id: int, place: Place) -> None:
        """Forget what was done."""
        async with self._database.writing() as session:
            await session.execute(
                delete(CourseTaken).where(
                    CourseTaken.account_id == account_id, CourseTaken.place == place
                )
            )

    async def trainees(self) -> Sequence[Trainee]:
        """Those who have begun, the newest first, at most `A_PAGE`."""
        begun = (
            select(CourseTaken, WebAccount.user_id, WebAccount.name, Company.name)
            .join(WebAccount, WebAccount.id == CourseTaken.account_id)
            .join(Company, Company.id == WebAccount.company_id)
            .order_by(CourseTaken.begun_at.desc())
        )
        return await first_page(self._database, begun, _progress)


async def first_page(
    database: Database,
    begun: Select[Taken, str, str, str],
    progress: Callable[[Taken], Progress],
) -> Sequence[Trainee]:
    """`A_PAGE` trainees at most. `begun`: what is kept of each, with user ID, name and company."""
    async with database.reading() as session:
        rows = await session.execute(begun.limit(A_PAGE))
        return [
            Trainee(user_id, name, company, progress(taken))
            for taken, user_id, name, company in rows
        ]


def _progress(taken: CourseTaken) -> Progress:
    place: Place = "kiosk" if taken.place == "kiosk" else "web"
    return Progress(place, taken.begun_at, dict(taken.steps), taken.ccrn, taken.board)
