"""Adds a row that may exist already."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase


async def insert_unless_there(
    session: AsyncSession, table: type[DeclarativeBase], **values: Any
) -> None:
    """Add a row unless its primary key exists; safe when several processes do the same."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(insert(table).values(**values).on_conflict_do_nothing())
