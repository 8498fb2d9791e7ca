"""What the boundary's pages share: their services, their look, their words, and who may enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ground.web.access import Access
from ground.web.assets import Assets
from ground.web.navigation import Entry
from ground.web.notices import Notices
from ground.web.pages import Look, Pages
from ground.web.requests import address_of
from ground.web.words import Words
from rocars.clock import Clock, in_hong_kong
from rocars.crossing.boards import Boards
from rocars.crossing.instructions import Cause, Instruction
from rocars.crossing.lanes import Lanes
from rocars.crossing.officers import OfficerRole, Officers, OfficerVisitor
from rocars.crossing.overrides import Overrides
from rocars.crossing.profiles import RiskProfiles
from rocars.crossing.settings import CrossingSettings
from rocars.crossing.unladen import UnladenDeclarations
from rocars.crossing.web import texts
from rocars.entrance.throttles import SharedThrottle
from rocars.hotline.deeds import HotlineDeeds
from rocars.hotline.enquiries import Enquiries
from rocars.hotline.texts_again import TextsAgain
from rocars.registry.vehicles import Vehicles

HERE = Path(__file__).parent
ROOT = "/boundary"
COOKIE = "boundary"
LANGUAGES: Mapping[str, str] = {"zh-Hant": "繁體中文", "zh-Hans": "简体中文", "en": "English"}
"""In the order in which a board shows them."""

WORDS = Words(HERE / "translations", cookie="boundary_language", languages=LANGUAGES)
ASSETS = Assets(HERE / "static", ROOT)
LOOK = Look(
    name="Boundary",
    home=(f"{ROOT}/", "To the first page"),
    without_database="Crossings are not written down until it is back. Hold vehicles.",
    icon="boundary.svg",
    account_path=f"{ROOT}/",
    root=ROOT,
    styles=("boundary.css",),
    scripts=("lanes.js",),
    filters={
        "clock": lambda at: in_hong_kong(at).strftime("%H:%M:%S") if at else "",
        "moment": lambda at: in_hong_kong(at).strftime("%Y-%m-%d %H:%M") if at else "",
    },
    translating={
        "instruction": lambda name: texts.HEADLINES[Instruction(name)],
        "cause": lambda name: texts.CAUSES[Cause(name)],
        "item": lambda name: texts.ITEMS[name],
        "test": lambda name: texts.TESTS[name],
        "scope": lambda name: texts.SCOPES[name],
        "deed": lambda name: texts.DEEDS[name],
        "direction": lambda name: texts.DIRECTIONS[name],
        "kind": lambda name: texts.KINDS[name],
        "fact": lambda name: texts.FACTS[name],
        "word": lambda name: texts.WORDS_OF_FACTS[name],
        "channel": lambda name: texts.CHANNELS[name],
        "happened": texts.happened,
        "looked": lambda name: texts.LOOKED[name],
    },
    names={"ROOT": ROOT},
)
NOTICES = Notices("boundary_notices")
PAGES = Pages(HERE / "templates", LOOK, WORDS, ASSETS)


@dataclass
class Boundary:
    """The services behind the pages. `display_key` is what boards and panels are let in with,
    `throttle` how often that and log-ins are tried from where; `proxies` are the networks of the
    proxies before these pages."""

    settings: CrossingSettings
    clock: Clock
    display_key: str | None = field(repr=False)
    lanes: Lanes
    boards: Boards
    unladen: UnladenDeclarations
    overrides: Overrides
    profiles: RiskProfiles
    officers: Officers
    throttle: SharedThrottle
    proxies: tuple[str, ...]
    vehicles: Vehicles
    enquiries: Enquiries
    hotline: HotlineDeeds
    texts_again: TextsAgain
    navigation: tuple[Entry[OfficerRole], ...] = ()

    def address_of(self, request: web.Request) -> str:
        """Where the browser is."""
        return address_of(request, self.settings.public_url, self.proxies)


SITE = web.AppKey("boundary", Boundary)


def render(
    request: web.Request,
    template: str,
    visitor: OfficerVisitor | None = None,
    *,
    status: int = 200,
    **given: Any,
) -> web.Response:
    """A page of the boundary, as this officer may see it."""
    site = request.app[SITE]
    return PAGES.render(
        request,
        template,
        csrf=visitor.csrf if visitor else "",
        account=visitor.name if visitor else "",
        navigation=[entry for entry in site.navigation if visitor and visitor.may(entry.needed)],
        notices=NOTICES.shown(request),
        status=status,
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
