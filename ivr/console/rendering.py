"""Pages from templates, in English or Traditional Chinese."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web
from babel.messages.pofile import read_po
from babel.support import NullTranslations

from ivr.console import shown
from ivr.console.site import SITE
from ivr.records.people import Visitor
from ivr.records.roles import Role
from ivr.records.tallies import HONG_KONG

LANGUAGES = {"en": "English", "zh-Hant": "中文"}
LANGUAGE_COOKIE = "rocars_language"
TRANSLATIONS = Path(__file__).with_name("translations")
STATIC = Path(__file__).with_name("static")

Words = Callable[[str], str]


class Catalogue(NullTranslations):
    """The translations of one language, read from the file that translators edit."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}
        path = TRANSLATIONS / f"{language}.po"
        if path.exists():
            with path.open("rb") as file:
                for message in read_po(file):
                    if isinstance(message.id, str) and message.id and message.string:
                        self._texts[message.id] = str(message.string)

    def knows(self, message: str) -> bool:
        """Whether it is translated."""
        return message in self._texts

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@cache
def catalogue(language: str) -> Catalogue:
    return Catalogue(language)


@cache
def _environment(language: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ivr.console"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = catalogue(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.gettext, words.ngettext, newstyle=True
    )
    environment.filters |= {
        "when": shown.when,
        "clock": shown.clock,
        "seconds": shown.seconds,
        "number": shown.masked_number,
        "percent": shown.percent,
        "word": lambda name: words.gettext(shown.word(name)),
        "tongue": lambda tag: words.gettext(shown.tongue(tag)),
    }
    environment.globals |= {"Role": Role, "LANGUAGES": LANGUAGES, "asset": asset}
    return environment


@cache
def asset(name: str) -> str:
    """The address of a file of ours, which changes when the file does."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def language_of(request: web.Request) -> str:
    """The language of the pages: chosen, else what the browser prefers."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    preferred = request.headers.get("Accept-Language", "").lower()
    return "zh-Hant" if preferred.startswith("zh") else "en"


def words_for(request: web.Request) -> Words:
    """Translates what code, not a template, says to a person."""
    return catalogue(language_of(request)).gettext


def render(
    request: web.Request,
    template: str,
    visitor: Visitor | None,
    *,
    status: int = 200,
    **given: Any,
) -> web.Response:
    """A page, or with htmx a piece of one."""
    language = language_of(request)
    site = request.app[SITE]
    text = (
        _environment(language)
        .get_template(template)
        .render(
            visitor=visitor,
            language=language,
            path=request.path,
            path_qs=request.path_qs,
            node=site.settings.node.name,
            notices=site.told(visitor) if visitor is not None else [],
            now=datetime.now(HONG_KONG),
            **given,
        )
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def error_page(request: web.Request, status: int, visitor: Visitor | None = None) -> web.Response:
    """A page that says plainly what is wrong."""
    return render(request, "error.html.j2", visitor, status=status, code=status)
