"""Pages in several languages: which, and its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web

from ground.web.catalogues import LANGUAGES, OWN, Catalogue, Catalogues
from ground.web.forms import check_same_origin, read_form
from ground.web.requests import own_path

_CHINESE = ("zh", "yue", "cmn")
_IN_SIMPLIFIED = {"cn", "sg", "my"}

_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")

Translate = Callable[[str], str]


def preferred_language(header: str, languages: Mapping[str, str] = LANGUAGES) -> str:
    """Which of ours a browser prefers, by the weights it gives (RFC 9110 section 12.5.4).

    Any Chinese is ours, by whatever name (zh, yue, cmn), Simplified where we have it; ``*`` is any
    language that is not named. What is not weighted weighs 1, what weighs 0 is not wanted, a weight
    that is none is not heard; of equals the first counts, and English where nothing fits.
    """
    named: dict[str, float] = {}
    others = 0.0
    for entry in header.split(","):
        tag, *parameters = (part.strip().lower() for part in entry.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                value = value.strip()
                weight = float(value) if _WEIGHT.fullmatch(value) else 0.0
        if tag == "*":
            others = max(others, weight)
        elif ours := _ours(tag, languages):
            named[ours] = max(named.get(ours, 0.0), weight)
    weights = named | {ours: others for ours in ("en", *languages) if ours not in named}
    best = max(weights, key=lambda ours: weights[ours])  # of equals the first that is named
    return best if weights[best] else "en"


def _ours(tag: str, languages: Mapping[str, str]) -> str:
    """The language of ours that a BCP 47 tag, in small letters, asks for; empty: none."""
    primary, *subtags = tag.split("-")
    if primary not in _CHINESE:
        return "en" if primary == "en" else ""
    simplified = "hans" in subtags or ("hant" not in subtags and _IN_SIMPLIFIED & {*subtags})
    return "zh-Hans" if simplified and "zh-Hans" in languages else "zh-Hant"


class Words:
    """The words of one web, with those of the frame around its pages."""

    def __init__(
        self,
        folder: Path,
        *,
        cookie: str,
        languages: Mapping[str, str] = LANGUAGES,
        beneath: tuple[Path, ...] = (),
    ) -> None:
        """`folder` holds a file `TAG.po` a language; the chosen language is kept in `cookie`.

        `beneath` are folders of other webs whose words this one uses too.
        """
        self.languages = languages
        self._cookie = cookie
        self._catalogues = Catalogues((OWN, *beneath, folder))

    def catalogue(self, language: str) -> Catalogue:
        return self._catalogues.of(language)

    def language_of(self, request: web.Request) -> str:
        """The language of the pages: chosen, else what the browser prefers."""
        chosen = request.cookies.get(self._cookie, "")
        if chosen in self.languages:
            return chosen
        header = ", ".join(request.headers.getall("Accept-Language", []))
        return preferred_language(header, self.languages)

    def words_for(self, request: web.Request) -> Translate:
        """Translates what code, not a template, says to a person."""
        return self.catalogue(self.language_of(request)).gettext

    async def choose(self, request: web.Request, public_url: str) -> web.StreamResponse:
        """What the form in the frame asks for. Changes nothing but the look, so it needs no
        log-in."""
        check_same_origin(request, public_url)
        form = await read_form(request)
        chosen = form.text("language")
        answer = web.HTTPSeeOther(own_path(form.text("next")))
        if chosen in self.languages:
            answer.set_cookie(self._cookie, chosen, samesite="Lax", path="/", max_age=365 * 86400)
        raise answer
