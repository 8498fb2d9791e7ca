"""The training ground: a ROCARS with the same rules and a database of its own, for the courses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from rocars.service import Service, wire


def training_ground(service: Service) -> Service | None:
    """That of this ROCARS; None where no course is offered."""
    settings = service.settings
    return wire(settings.of_course, service.clock) if settings.course.enabled else None


def held_open(ground: Service) -> Callable[[web.Application], AsyncIterator[None]]:
    """For `cleanup_ctx` of the application whose pages are over it."""

    async def live(_: web.Application) -> AsyncIterator[None]:
        try:
            await ground.database.prepare()
            yield
        finally:
            await ground.close()

    return live
