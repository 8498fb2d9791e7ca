"""The pages of the console: their look, their words, and how one is made."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import jinja2
from aiohttp import web

from ground.sentence import Sentence
from ground.web.access import is_polled
from ground.web.assets import Assets
from ground.web.navigation import Entry
from ground.web.notices import Notices
from ground.web.pages import Look, Pages
from ground.web.sessions import name_of
from ground.web.words import Translate
from ivr.console import shown
from ivr.console.device import device
from ivr.console.site import SITE
from ivr.console.words import WORDS
from ivr.records.hong_kong import HONG_KONG
from ivr.records.roles import Role
from ivr.records.visitor import Visitor

HERE = Path(__file__).parent
ENTRIES = web.AppKey("entries", tuple[Entry[Role], ...])
"""The navigation, of all that the page modules declare."""

ASSETS = Assets(HERE / "static")
WARN_S = 120
"""How long before the end of a session people are warned, seconds, or a third of the idle time if
that is less: they need twenty seconds at least (WCAG 2.2, 2.2.1)."""

NOTICES = Notices("rocars_notices")


@jinja2.pass_context
def _language_name(context: jinja2.runtime.Context, tag: str | None) -> str:
    """What a language of the service is called in the language of the page."""
    page = context["language"]
    return shown.language_name(tag, page) or WORDS.catalogue(page).gettext("not chosen yet")


@jinja2.pass_context
def _translated(context: jinja2.runtime.Context, sentence: Sentence) -> str:
    """In the language of the page, with its figures."""
    return sentence.translated(WORDS.catalogue(context["language"]).gettext)


LOOK = Look(
    name="ROCARS by telephone",
    home=("/live", "To the calls in progress"),
    without_database="Calls go on and are written down in the log. "
    "This page comes back when the database does.",
    icon="icon.svg",
    foot="session.html.j2",
    styles=("console.css",),
    scripts=("session.js",),
    filters={
        "when": shown.when,
        "clock": shown.clock,
        "seconds": shown.seconds,
        "lasting": shown.lasting,
        "number": shown.masked_number,
        "percent": shown.percent,
        "tongue": _language_name,
        "translated": _translated,
        "bcp47": shown.bcp47,
        "device": device,
        "session_name": name_of,
    },
    translating={"word": shown.word},
    names={"Role": Role},
)
_PAGES = Pages(HERE / "templates", LOOK, WORDS, ASSETS)


def words_for(request: web.Request) -> Translate:
    """Translates what code, not a template, says to a person."""
    return WORDS.words_for(request)


def tell(request: web.Request, text: str, *, bad: bool = False) -> None:
    """Have it said on the page that this request leads to."""
    NOTICES.tell(request, text, bad=bad)


def render(
    request: web.Request,
    template: str,
    visitor: Visitor | None,
    *,
    status: int = 200,
    **given: Any,
) -> web.Response:
    """A page, or with htmx a piece of one."""
    return _PAGES.render(
        request,
        template,
        **frame_of(request, visitor),
        status=status,
        visitor=visitor,
        node=request.app[SITE].settings.node.name,
        now=datetime.now(HONG_KONG),
        **given,
    )


def frame_of(request: web.Request, visitor: Visitor | None) -> dict[str, Any]:
    """What stands around every page: who is logged in, where they may go, what they are told."""
    person = visitor.person if visitor is not None else None
    return {
        "csrf": visitor.csrf if visitor is not None else "",
        "account": person.full_name if person is not None else "",
        "navigation": [
            entry
            for entry in request.app[ENTRIES]
            if person is not None and not person.must_change and person.role.may(entry.needed)
        ],
        # A piece that a page fetches by itself has no place for what is to be told.
        "notices": [] if is_polled(request) else NOTICES.shown(request),
        "lasting": lasts(request, visitor) if visitor is not None else None,
    }


class Lasting(TypedDict):
    """How long a session lasts.

    left_s: seconds that are left, as things are; warn_s: how long before its end people are warned;
    prolongable: whether using it prolongs it.
    """

    left_s: int
    warn_s: int
    prolongable: bool


def lasts(request: web.Request, visitor: Visitor) -> Lasting:
    """How long the visitor is still logged in."""
    idle_s = request.app[SITE].rules.idle_minutes * 60
    left = min(visitor.idle_at, visitor.ends_at) - datetime.now(HONG_KONG)
    return {
        "left_s": max(0, int(left.total_seconds())),
        "warn_s": int(min(WARN_S, idle_s / 3)),
        "prolongable": visitor.idle_at < visitor.ends_at,
    }


def error_page(
    request: web.Request, status: int, visitor: Visitor | None = None, *, why: str = ""
) -> web.Response:
    """A page that says plainly what is wrong; `why`: what this time, in the reader's language."""
    return render(request, "error.html.j2", visitor, status=status, code=status, why=why)
