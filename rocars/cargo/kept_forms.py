"""Drafts and templates of consignments, kept for a company until they are lodged or deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.refusal import Refusal
from rocars.cargo.settings import CargoRules
from rocars.clock import Clock
from rocars.store.database import Database
from rocars.store.tables.cargo import KeptForm
from rocars.store.tables.registration import Company

FormKind = Literal["draft", "template"]
_LONGEST_NAME = 60


class CannotBeKept(Refusal):
    """A form that is not kept; the text says why."""


@dataclass(frozen=True)
class KeptFormView:
    """`items` are the texts of its fields, by name; `kept_by` is a user ID."""

    id: int
    kind: FormKind
    name: str
    items: Mapping[str, str]
    kept_by: str
    kept_at: datetime


class KeptForms:
    def __init__(self, database: Database, clock: Clock, rules: CargoRules) -> None:
        self._database = database
        self._clock = clock
        self._most = rules.max_kept_forms
        self._drafts_last = timedelta(days=rules.draft_days)

    async def keep(
        self,
        company_id: int,
        kind: FormKind,
        name: str,
        items: Mapping[str, str],
        *,
        by: str,
        instead: int | None = None,
    ) -> None:
        """Keep a form, in place of the one with the number `instead` if it is of the same kind.

        Args:
            name: empty: the first words of what the goods are.
            by: user ID of whoever fills it in.

        Raises CannotBeKept.
        """
        if not any(items.values()):
            raise CannotBeKept("Nothing is filled in.")
        name = " ".join((name or items.get("articles", "")).split())[:_LONGEST_NAME]
        now = self._clock()
        async with self._database.writing() as session:
            # One at a time for a company: or two at once were one too many.
            await session.execute(
                select(Company.id).where(Company.id == company_id).with_for_update()
            )
            form = None
            if instead is not None:
                form = await _own(session, company_id, instead)
            if form is None or form.kind != kind:
                held = await session.scalar(
                    select(func.count(KeptForm.id)).where(KeptForm.company_id == company_id)
                )
                if (held or 0) >= self._most:
                    raise CannotBeKept(
                        "At most %(most)d drafts and templates are kept. Delete some.",
                        most=self._most,
                    )
                form = KeptForm(company_id=company_id, kind=kind)
                session.add(form)
            form.name, form.items, form.kept_by, form.kept_at = name, dict(items), by, now

    async def of_company(self, company_id: int) -> Sequence[KeptFormView]:
        """Drafts first, then templates; each the newest first."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(KeptForm)
                .where(KeptForm.company_id == company_id)
                .order_by(KeptForm.kind, KeptForm.id.desc())
            )
            return [_view(form) for form in rows.scalars()]

    async def get(self, company_id: int, number: int) -> KeptFormView | None:
        """None for another company's as for none."""
        async with self._database.reading() as session:
            form = await _own(session, company_id, number)
        return _view(form) if form is not None else None

    async def drop(self, company_id: int, number: int, *, only: FormKind | None = None) -> bool:
        """Delete it, if it is of this kind; whether the company had it."""
        async with self._database.writing() as session:
            form = await _own(session, company_id, number)
            if form is None:
                return False
            if only in (None, form.kind):
                await session.delete(form)
        return True

    async def sweep(self) -> None:
        """Delete drafts that nobody touched for long; templates stay."""
        async with self._database.writing() as session:
            await session.execute(
                delete(KeptForm).where(
                    KeptForm.kind == "draft", KeptForm.kept_at < self._clock() - self._drafts_last
                )
            )


async def _own(session: AsyncSession, company_id: int, number: int) -> KeptForm | None:
    form = await session.get(KeptForm, number)
    return form if form is not None and form.company_id == company_id else None


def _view(form: KeptForm) -> KeptFormView:
    return KeptFormView(
        id=form.id,
        kind=cast(FormKind, form.kind),
        name=form.name,
        items=form.items,
        kept_by=form.kept_by,
        kept_at=form.kept_at,
    )
