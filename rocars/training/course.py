"""The courses on the web and at kiosks: exercises on a training ground, which check themselves.

The ground is a ROCARS with the same rules and a database of its own. Each trainee has a company, a
driver and a vehicle there; nothing of it is known to the real one, its telephone or its boundary.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from rocars.clock import in_hong_kong
from rocars.crossing.instructions import Instruction
from rocars.crossing.messages import Reading
from rocars.refusals import Code, Problem
from rocars.registry.course_progress import CourseProgress, Place, Progress, Step
from rocars.registry.vehicles import link
from rocars.service import Service
from rocars.store.tables.bundling import Bundle, BundledCargo
from rocars.store.tables.cargo import Consignment
from rocars.store.tables.course import CourseTaken
from rocars.store.tables.registration import Company, Driver

PACKAGES, PACKAGES_AFTER = 12, 15
ARTICLES = "Umbrellas 雨傘"
TO_LODGE: Mapping[str, str] = {
    "direction": "outbound",
    "packages": str(PACKAGES),
    "package_description": "Cartons",
    "articles": ARTICLES,
    "consignor_name": "Harbour Trading",
    "consignor_address": "1 Hung To Road, Kwun Tong, Kowloon",
    "consignee_name": "Luohu Electronics",
    "consignee_address": "2 Renmin South Road, Luohu, Shenzhen",
}
"""What the first step asks for; the date is that of tomorrow."""

LETTERS: Mapping[Place, str] = {"web": "T", "kiosk": "K"}
"""What is done in one course is nothing in the other: each has trainees of its own, whose numbers
begin with this letter."""

ANSWERS = ("proceed", "wait", "examination", "bundle", "officer")
"""What a driver can be told to do."""

MEANT: Mapping[Instruction, str] = {
    Instruction.PROCEED: "proceed",
    Instruction.TOO_EARLY: "wait",
    Instruction.EXAMINE: "examination",
    Instruction.NO_BUNDLE: "bundle",
}
"""What the board means; anything else: wait for an officer."""


@dataclass(frozen=True)
class Trainee:
    """Who somebody is on the training ground."""

    company_id: int
    company: str
    driver_id: int
    mark: str


class Course:
    def __init__(self, ground: Service, progress: CourseProgress, place: Place) -> None:
        """`ground`: ROCARS with a database of its own; `progress` is kept beside the accounts."""
        self.ground = ground
        self._progress = progress
        self._place: Place = place

    async def trainee(self, account_id: int) -> Trainee:
        """Company, driver and vehicle of an account; made when they are first asked for."""
        letter = LETTERS[self._place]
        number, mark = f"{letter}-{account_id}", f"{letter}R{account_id % 9999 + 1}"
        found = await self._found(number, mark)
        if found is None:
            await self._register(number, mark)
            found = await self._found(number, mark)
        if found is None:
            raise Problem(Code.UNAVAILABLE)
        return found

    async def _found(self, number: str, mark: str) -> Trainee | None:
        async with self.ground.database.reading() as session:
            row = (
                await session.execute(
                    select(Company.id, Driver.id)
                    .join(Driver, Driver.company_id == Company.id)
                    .where(Company.registration_number == number)
                )
            ).first()
        return Trainee(row[0], number, row[1], mark) if row is not None else None

    async def _register(self, number: str, mark: str) -> None:
        """Nobody can log in as this driver: no PIN has an empty hash."""
        try:
            async with self.ground.database.writing() as session:
                company = Company(
                    registration_number=number,
                    name=TO_LODGE["consignor_name"],
                    responsible_person="Wong Siu Ming",
                )
                session.add(company)
                await session.flush()
                driver = Driver(
                    user_id=number.replace("-", ""),
                    company_id=company.id,
                    name="Chan Tai Man",
                    pin_hash="",
                    language="yue",
                )
                session.add(driver)
                await session.flush()
                await link(session, driver.id, mark, self.ground.clock())
        except IntegrityError:
            return  # two pages asked at the same moment

    def due(self) -> date:
        """The expected date that the first step asks for."""
        return in_hong_kong(self.ground.clock()).date() + timedelta(days=1)

    async def progress(self, account_id: int, trainee: Trainee) -> Progress:
        """Where somebody is, after a look at what they did on the ground since."""
        progress = await self._progress.of(account_id, self._place)
        while (step := progress.next_step) is not None and step != "board":
            ccrn = await self._done(step, progress, trainee)
            if ccrn is None:
                break
            progress = await self._progress.change(account_id, self._place, self._did(step, ccrn))
        return progress

    def _did(self, step: Step, ccrn: str) -> Callable[[CourseTaken], None]:
        at = self.ground.clock().isoformat()

        def note(taken: CourseTaken) -> None:
            taken.steps = {**taken.steps, step: at}
            taken.ccrn = ccrn

        return note

    async def _done(self, step: Step, progress: Progress, trainee: Trainee) -> str | None:
        """The CCRN with which it was done; None when it was not."""
        own = select(Consignment.ccrn).where(
            Consignment.company_id == trainee.company_id,
            Consignment.lodged_at >= progress.begun_at,
            Consignment.withdrawn_at.is_(None),
        )
        if step == "lodge":
            own = own.where(
                Consignment.direction == TO_LODGE["direction"],
                Consignment.packages.in_((PACKAGES, PACKAGES_AFTER)),  # they may be quick
                Consignment.expected_date >= self.due(),
            )
        else:
            own = own.where(Consignment.ccrn == progress.ccrn)
        if step == "amend":
            own = own.where(Consignment.packages == PACKAGES_AFTER)
        elif step == "bundle":
            own = (
                own.join(BundledCargo, BundledCargo.consignment_id == Consignment.id)
                .join(Bundle, Bundle.id == BundledCargo.bundle_id)
                .where(Bundle.mark == trainee.mark)
            )
        async with self.ground.database.reading() as session:
            found: str | None = await session.scalar(own.order_by(Consignment.id.desc()).limit(1))
        return found

    async def drive_up(self, account_id: int, trainee: Trainee) -> None:
        """The trainee's vehicle comes to the line, and a camera reads its plate."""
        lanes = self.ground.settings.crossing.lanes
        lane = next(lane for lane in lanes if lane.direction == TO_LODGE["direction"])
        reading = Reading(
            lane=lane.code, plate=trainee.mark, confidence=1.0, taken_at=self.ground.clock()
        )
        instructed = await self.ground.passages.read(secrets.token_hex(16), reading)
        board = {
            "instruction": instructed.instruction.value,
            "cross_from": instructed.cross_from.isoformat() if instructed.cross_from else None,
        }

        def note(taken: CourseTaken) -> None:
            taken.board = board

        await self._progress.change(account_id, self._place, note)

    async def answer(self, account_id: int, answer: str) -> bool:
        """Whether the trainee reads the board as it is meant."""
        progress = await self._progress.of(account_id, self._place)
        if progress.board is None or progress.next_step != "board":
            return False
        meant = MEANT.get(Instruction(progress.board["instruction"]), "officer")
        if answer == meant:
            await self._progress.change(account_id, self._place, self._did("board", progress.ccrn))
        return answer == meant

    async def begin_again(self, account_id: int) -> None:
        await self._progress.begin_again(account_id, self._place)
