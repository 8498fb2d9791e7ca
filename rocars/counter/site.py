"""What the registrars' pages share: their services, their look, their words, who may enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.access import Access
from ground.web.assets import Assets
from ground.web.navigation import Entry
from ground.web.notices import Notices
from ground.web.pages import Look, Pages
from ground.web.requests import address_of
from ground.web.words import Translate, Words
from rocars.clock import Clock, in_hong_kong
from rocars.counter import texts
from rocars.crossing.officers import OfficerRole, Officers, OfficerVisitor
from rocars.crossing.settings import CrossingSettings
from rocars.entrance.lockout import Lockout
from rocars.entrance.throttles import SharedThrottle
from rocars.registry.agencies import Agencies
from rocars.registry.applications import Applications
from rocars.registry.approval import Approval
from rocars.registry.course_progress import CourseProgress
from rocars.registry.deeds import RegistrationLog
from rocars.registry.driver_tokens import DriverTokens
from rocars.registry.packs import Packs
from rocars.registry.registrants import Registrants
from rocars.registry.rehearsals import Rehearsals
from rocars.registry.settings import RegistrationSettings
from rocars.secrets.settings import TokenSettings

if TYPE_CHECKING:
    from rocars.counter.pack_sheet import PackSheets

HERE = Path(__file__).parent
ROOT = "/registration"
COOKIE = "registration"
LANGUAGES: Mapping[str, str] = {"en": "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文"}

WORDS = Words(HERE / "translations", cookie="registration_language", languages=LANGUAGES)
ASSETS = Assets(HERE / "static", ROOT)
NOTICES = Notices("registration_notices")
LOOK = Look(
    name="Registration",
    home=(f"{ROOT}/queue", "To the queue"),
    without_database="It is not certain whether your last step was done. "
    "Look before you repeat it.",
    icon="registration.svg",
    account_path=f"{ROOT}/queue",
    root=ROOT,
    styles=("registration.css",),
    filters={
        "when": lambda at: in_hong_kong(at).strftime("%Y-%m-%d %H:%M") if at else "",
        "day": lambda at: in_hong_kong(at).strftime("%Y-%m-%d") if at else "",
    },
    translating={
        "state": texts.STATES.__getitem__,
        "pack_state": texts.PACK_STATES.__getitem__,
        "kind": texts.KINDS.__getitem__,
        "role": texts.ROLES.__getitem__,
        "carrier": texts.CARRIERS.__getitem__,
        "spoken": texts.SPOKEN.__getitem__,
        "deed": texts.DEEDS.__getitem__,
        "step": texts.STEPS.__getitem__,
        "place": texts.PLACES.__getitem__,
    },
    names={"ROOT": ROOT},
)
PAGES = Pages(HERE / "templates", LOOK, WORDS, ASSETS)


@dataclass
class Desk:
    """The services behind the pages.

    Args:
        session: how long an officer's log-in lasts.
        throttle: how often log-ins are tried from where.
        proxies: networks of the proxies before these pages.
    """

    settings: RegistrationSettings
    session: CrossingSettings
    token_forms: TokenSettings
    clock: Clock
    officers: Officers
    lockout: Lockout
    throttle: SharedThrottle
    proxies: tuple[str, ...]
    applications: Applications
    approval: Approval
    packs: Packs
    tokens: DriverTokens
    agencies: Agencies
    registrants: Registrants
    course: CourseProgress
    rehearsals: Rehearsals
    log: RegistrationLog
    navigation: tuple[Entry[OfficerRole], ...] = ()

    def __post_init__(self) -> None:
        if self.settings.pack_font is not None:
            _ = self.sheets  # a font that cannot be used is told at the start

    @cached_property
    def sheets(self) -> PackSheets:
        """What draws PDF is loaded for the first pack. Raises what `pack_font` raises if it is no
        font."""
        from rocars.counter.pack_sheet import PackSheets

        return PackSheets(self.settings, self.token_forms, WORDS)

    def address_of(self, request: web.Request) -> str:
        """Where the browser is."""
        return address_of(request, self.settings.public_url, self.proxies)

    def counter(self, code: str, language: str) -> str:
        """The name of a counter; its code, if there is no such counter any more."""
        for counter in self.settings.counters:
            if counter.code == code:
                return counter.named(language)
        return code


SITE = web.AppKey("desk", Desk)


def words_for(request: web.Request) -> Translate:
    """Translates what code, not a template, says to a person."""
    return WORDS.words_for(request)


def render(
    request: web.Request,
    template: str,
    visitor: OfficerVisitor | None = None,
    *,
    status: int = 200,
    **given: Any,
) -> web.Response:
    """A page of the desk, as this officer may see it."""
    desk = request.app[SITE]
    language = WORDS.language_of(request)
    return PAGES.render(
        request,
        template,
        csrf=visitor.csrf if visitor else "",
        account=visitor.name if visitor else "",
        navigation=[entry for entry in desk.navigation if visitor and visitor.may(entry.needed)],
        notices=NOTICES.shown(request),
        status=status,
        counters={counter.code: counter.named(language) for counter in desk.settings.counters},
        **given,
    )


def failure(
    request: web.Request, status: int, visitor: OfficerVisitor | None = None
) -> web.Response:
    """A page that says what is wrong: 403, 404 or 503."""
    return render(request, "error.html.j2", visitor, status=status, code=status)


async def _visitor(request: web.Request, token: str) -> OfficerVisitor | None:
    return await request.app[SITE].officers.visitor(token)


ACCESS: Access[OfficerVisitor, OfficerRole] = Access(
    cookie=COOKIE,
    visitor=_visitor,
    may=lambda visitor, needed: visitor.may(needed),
    public_url=lambda request: request.app[SITE].settings.public_url,
    failure=failure,
    unavailable=SQLAlchemyError,
    login=f"{ROOT}/login",
)
page = ACCESS.page
action = ACCESS.action
