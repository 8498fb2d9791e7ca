"""The page: its look, its words, and what it says of a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from ground.web.assets import Assets
from ground.web.pages import Look, Pages
from ground.web.words import Translate, Words
from ivr.caller.retold.history import TRANSLATIONS
from ivr.handset.admission import ADMISSION
from ivr.handset.texts import SAID_BY_SCRIPTS
from speech.languages.language import Language

HERE = Path(__file__).parent
LANGUAGES: Mapping[str, str] = {"en": "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文"}
WORDS = Words(
    HERE / "translations",
    cookie="handset_language",
    languages=LANGUAGES,
    beneath=(TRANSLATIONS,),
)
ASSETS = Assets(HERE / "static", together=True)
LOOK = Look(
    name="Telephone",
    home=("/", "To the telephone"),
    without_database="This page comes back when the database does.",
    icon="handset.svg",
    styles=("handset.css",),
)
PAGES = Pages(HERE / "templates", LOOK, WORDS, ASSETS)

WRITTEN_AS = {
    Language.CANTONESE: "yue-Hant-HK",
    Language.PUTONGHUA: "zh-Hans",
    Language.ENGLISH: "en",
}
"""The tag by which a screen reader knows what is written of a language of the service."""


def trial_page(
    request: web.Request,
    numbers: tuple[str, ...],
    practice: tuple[str, ...],
    languages: tuple[Language, ...],
) -> web.Response:
    """The page with the handset, for everybody on this machine.

    Args:
        numbers: what may be dialled.
        practice: which of them are of the practice line.
        languages: of the service, in the order of their keys.
    """
    return PAGES.render(
        request,
        "handset.html.j2",
        trial=True,
        line="/line",
        token=request.app[ADMISSION].token,
        numbers=numbers,
        practice=practice,
        tongues=languages,
        **words_of_scripts(WORDS.words_for(request)),
    )


def words_of_scripts(translate: Translate) -> dict[str, Any]:
    """What the scripts say, as the template hands it to them."""
    words = {name: translate(text) for name, text in SAID_BY_SCRIPTS.items()}
    return {
        "words": json.dumps(words, ensure_ascii=False),
        "written_as": json.dumps(WRITTEN_AS),
    }
