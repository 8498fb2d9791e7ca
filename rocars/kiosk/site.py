"""What the pages of kiosks share: ROCARS behind them, their look, their words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from ground.web.assets import Assets
from ground.web.pages import Look, Pages
from ground.web.requests import address_of
from ground.web.throttle import Throttle
from ground.web.words import Translate, Words
from rocars.entrance.throttles import SharedThrottle
from rocars.entrance.web_login import WebLogin
from rocars.kiosk.devices import Device
from rocars.portal import rendering as portal
from rocars.portal import shown
from rocars.portal.fields import LABELS
from rocars.refusals import Code, Problem
from rocars.service import Service
from rocars.settings import KioskSettings
from rocars.training.course import Course

HERE = Path(__file__).parent
ROOT = "/kiosk"
TRAINING = f"{ROOT}/training"
"""Where the pages of a kiosk in training begin."""
LANGUAGES = {"zh-Hant": "繁體中文", "zh-Hans": "简体中文", "en": "English"}
"""In the order of the keys on the first page."""
LANGUAGE_COOKIE = "rocars_kiosk_language"
LOW_COOKIE = "rocars_kiosk_low"

WORDS = Words(
    HERE / "translations",
    cookie=LANGUAGE_COOKIE,
    languages=LANGUAGES,
    beneath=(portal.HERE / "translations",),
)
ASSETS = Assets(HERE / "static", ROOT)
LOOK = Look(
    name="ROCARS kiosk",
    home=(f"{ROOT}/", "Start again"),
    without_database="It is not certain whether your last step was done. Ask the hotline.",
    icon="kiosk.svg",
    root=ROOT,
    filters={"when": shown.when, "clock": shown.clock},
    translating={
        "state": shown.STATES.__getitem__,
        "direction": shown.DIRECTIONS.__getitem__,
        "item": LABELS.__getitem__,
    },
    names={"ROOT": ROOT, "TRAINING": TRAINING},
)
_PAGES = Pages(HERE / "templates", LOOK, WORDS, ASSETS)


@dataclass(frozen=True)
class Site:
    """The kiosks of one ROCARS. `devices` by name; `pace` counts on this node alone.

    In training the pages are of a site of their own: there `service` is the training ground, and
    `entrance` the ROCARS that people log in to.
    """

    service: Service
    devices: dict[str, Device]
    pace: Throttle = field(repr=False)
    tries: SharedThrottle = field(repr=False)
    course: Course | None = None
    entrance: Service | None = None

    @property
    def web_login(self) -> WebLogin:
        """Of whoever has an account."""
        return (self.entrance or self.service).web_login

    @property
    def settings(self) -> KioskSettings:
        return self.service.settings.kiosk

    def address_of(self, request: web.Request) -> str:
        """Where the browser is."""
        return address_of(request, self.public_url, self.service.settings.proxies)

    @property
    def public_url(self) -> str:
        return self.service.settings.portal.public_url


SITE = web.AppKey("kiosk", Site)


def words_for(request: web.Request) -> Translate:
    """Translates what code, not a template, says to a person."""
    return WORDS.words_for(request)


def refusal(request: web.Request, problem: Problem) -> str:
    """What ROCARS refused, for a person."""
    _ = words_for(request)
    minutes = request.app[SITE].service.settings.auth.lock_minutes
    if problem.code is Code.LOGIN_LOCKED:
        return _("Too many log-ins failed. Wait %(minutes)d minutes.") % {"minutes": minutes}
    meaning = _(problem.code.meaning)
    return f"{meaning} ({problem.subject})" if problem.subject else meaning


def render(
    request: web.Request,
    template: str,
    *,
    status: int = 200,
    csrf: str = "",
    watched: bool = True,
    **given: Any,
) -> web.Response:
    """A page of a kiosk.

    Args:
        csrf: what its forms must bring back; empty: nobody is known.
        watched: whether it is wiped when nobody touches it.
    """
    site = request.app[SITE]
    settings = site.settings
    return _PAGES.render(
        request,
        template,
        status=status,
        csrf=csrf,
        training=site.course is not None,
        low=request.cookies.get(LOW_COOKIE) == "yes",
        idle_ms=int(settings.idle_s * 1000) if watched else 0,
        warning_ms=int(settings.warning_s * 1000),
        **given,
    )


def error_page(request: web.Request, status: int) -> web.Response:
    """A page that says plainly what is wrong."""
    return render(request, "error.html.j2", status=status, code=status)


def message_page(request: web.Request, status: int, text: str) -> web.Response:
    """A page that says one sentence, already translated."""
    return render(request, "message.html.j2", status=status, text=text)
