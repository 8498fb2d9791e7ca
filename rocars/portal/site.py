"""What the pages of the portal share."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.requests import address_of
from rocars.entrance.throttles import SharedThrottle
from rocars.entrance.web_login import WebLogin, WebVisitor
from rocars.service import Service
from rocars.training.course import Course

log = structlog.get_logger("rocars.portal")


@dataclass
class Site:
    """One portal: ROCARS behind it, and how often log-ins (`throttle`) and applications may be
    tried from one address.

    The pages of the `course` are a portal of their own: there `service` is the training ground, and
    `entrance` the ROCARS that people are logged in to.
    """

    service: Service
    throttle: SharedThrottle
    course: Course | None = None
    entrance: Service | None = None

    def __post_init__(self) -> None:
        self.applications = self.service.throttles.of(
            "application", self.service.settings.registration.applications_per_minute
        )

    @property
    def web_login(self) -> WebLogin:
        """Of whoever visits these pages."""
        return (self.entrance or self.service).web_login

    @property
    def public_url(self) -> str:
        return self.service.settings.portal.public_url

    def address_of(self, request: web.Request) -> str:
        """Where the browser is."""
        return address_of(request, self.public_url, self.service.settings.proxies)

    async def tell(self, visitor: WebVisitor, text: str, *, bad: bool = False) -> None:
        """Have it said on the next page this visitor sees. What it is about is done already: where
        the database has gone since, that page shows it without these words."""
        try:
            await self.web_login.tell(visitor, text, bad=bad)
        except SQLAlchemyError as failure:
            log.error("portal.notice_lost", error=type(failure).__name__)


SITE = web.AppKey("site", Site)
