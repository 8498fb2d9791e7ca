"""The front, its workers and a caller, new for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.scene import Scene, front_between


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with front_between() as scene:
        yield scene
