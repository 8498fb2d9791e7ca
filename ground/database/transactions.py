"""Transactions for reading and writing: one session each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from ground.database.engine import for_writing


class Transactions:
    """Make it in its event loop, after a fork."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = async_sessionmaker(for_writing(engine), expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Raises what the database raises."""
        async with self._reading.begin() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Committed at the end, rolled back by any exception. Raises what the database raises."""
        async with self._writing.begin() as session:
            yield session

    async def close(self) -> None:
        await self._engine.dispose()
