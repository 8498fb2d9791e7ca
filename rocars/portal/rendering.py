"""The pages of the portal: their look, their words, and how one is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web

from ground.web.assets import Assets
from ground.web.forms import TOKEN, Form
from ground.web.navigation import Entry
from ground.web.pages import Look, Pages
from ground.web.words import Translate, Words
from rocars.entrance.web_login import WebVisitor
from rocars.portal import shown
from rocars.portal.fields import LABELS
from rocars.portal.site import SITE
from rocars.refusals import Problem

HERE = Path(__file__).parent
_SECRETS = ("password", "old", "code")
_TYPED = LABELS | {"ccrns": "CCRN", "vehicle": "Vehicle", "driver": "Driver"}
"""Fields that people fill in, and how the pages call them; the pages fill in all others."""

ENTRIES = web.AppKey("entries", tuple[Entry[str], ...])
"""The navigation, of all that the page modules declare."""

LANGUAGES = {"en": "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文"}
WORDS = Words(HERE / "translations", cookie="rocars_portal_language", languages=LANGUAGES)
ASSETS = Assets(HERE / "static")
LOOK = Look(
    name="ROCARS portal",
    home=("/", "To the first page"),
    without_database="It is not certain whether your last step was done. "
    "Look in the list before you try again.",
    icon="portal.svg",
    styles=("portal.css",),
    filters={"when": shown.when, "clock": shown.clock, "listed": shown.listed},
    translating={
        "state": shown.STATES.__getitem__,
        "deed": shown.DEEDS.__getitem__,
        "direction": shown.DIRECTIONS.__getitem__,
        "yes_no": shown.YES_NO.__getitem__,
        "item": LABELS.__getitem__,
        "role": shown.ROLES.__getitem__,
        "kind_of_registrant": shown.KINDS.__getitem__,
        "application_state": shown.APPLICATION_STATES.__getitem__,
        "spoken": shown.SPOKEN.__getitem__,
    },
)
_PAGES = Pages(HERE / "templates", LOOK, WORDS, ASSETS)


def words_for(request: web.Request) -> Translate:
    """Translates what code, not a template, says to a person."""
    return WORDS.words_for(request)


def may(visitor: WebVisitor, needed: str) -> bool:
    """`needed` is a role, or `any` for everybody who is logged in."""
    return needed in ("any", visitor.role)


def refusal(request: web.Request, problem: Problem) -> str:
    """What ROCARS refused, for a person."""
    meaning = words_for(request)(problem.code.meaning)
    return f"{meaning} ({problem.subject})" if problem.subject else meaning


def lodged_before(reused: Problem, _: Translate) -> str:
    """What a form says that was gone back to once it was lodged, and came again with other data."""
    text = _(
        "This form was lodged before, as %(ccrn)s, with other data. Nothing was lodged now. "
        "If you press Lodge again, this becomes a consignment of its own."
    )
    return text % {"ccrn": reused.subject}


def render(
    request: web.Request,
    template: str,
    visitor: WebVisitor | None,
    *,
    status: int = 200,
    **given: Any,
) -> web.Response:
    """A page of the portal."""
    site = request.app[SITE]
    return _PAGES.render(
        request,
        template,
        csrf=visitor.csrf if visitor is not None else "",
        account=visitor.name if visitor is not None else "",
        navigation=[
            entry
            for entry in request.app[ENTRIES]
            if visitor is not None and may(visitor, entry.needed)
        ],
        notices=visitor.notices if visitor is not None else (),
        status=status,
        visitor=visitor,
        base=visitor.base if visitor is not None else "",
        now=site.service.clock(),
        **given,
    )


def error_page(
    request: web.Request, status: int, visitor: WebVisitor | None = None
) -> web.Response:
    """A page that says plainly what is wrong."""
    return render(request, "error.html.j2", visitor, status=status, code=status)


def asked_again(request: web.Request, visitor: WebVisitor | None, form: Form) -> web.Response:
    """What was typed in an earlier session is shown, to be sent again or let be."""
    sent = {name: value for name, value in form.fields.items() if name not in (TOKEN, *_SECRETS)}
    typed = {_TYPED[name]: value for name, value in sent.items() if name in _TYPED}
    return render(
        request,
        "again.html.j2",
        visitor,
        status=403,
        typed=typed,
        sent=sent,
        secrets=not form.fields.keys().isdisjoint(_SECRETS),
        files=any(form.files.values()),
    )


def message_page(request: web.Request, status: int, text: str) -> web.Response:
    """A page that says one sentence, already translated."""
    return render(request, "message.html.j2", None, status=status, text=text)
