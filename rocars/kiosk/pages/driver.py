"""A driver logs in as by telephone: with the same PIN and code, counted together."""

from __future__ import annotations

from aiohttp import web
from pydantic import SecretStr, ValidationError

from ground.web.forms import read_form
from ground.web.navigation import PageModule
from rocars.entrance.messages import LogIn
from rocars.kiosk.devices import Device
from rocars.kiosk.guard import at_kiosk
from rocars.kiosk.site import ROOT, SITE, refusal, render, words_for
from rocars.kiosk.visits import keep
from rocars.refusals import Code, Problem
from rocars.typed import number


def routes() -> list[web.RouteDef]:
    return [web.get("/driver", at_kiosk(_ask)), web.post("/driver", at_kiosk(_log_in))]


async def _ask(request: web.Request, device: Device) -> web.StreamResponse:
    return _asked(request)


def _asked(
    request: web.Request, *, problem: str = "", status: int = 200, user_id: str = ""
) -> web.Response:
    return render(
        request,
        "driver.html.j2",
        status=status,
        problem=problem,
        user_id=user_id,
        pin=request.app[SITE].service.settings.auth.pin_required,
    )


async def _log_in(request: web.Request, device: Device) -> web.StreamResponse:
    service = request.app[SITE].service
    _ = words_for(request)
    form = await read_form(request)
    user_id = number(form.text("user_id")[:32])
    try:
        keyed = LogIn(
            user_id=user_id,
            pin=SecretStr(number(form.text("pin"))),
            code=SecretStr(number(form.text("code"))),
        )
        entered = await service.login.log_in(keyed)
    except ValidationError:
        problem = _("User ID, PIN or code is wrong.")
        return _asked(request, problem=problem, status=403, user_id=user_id)
    except Problem as refused:
        if refused.code is Code.LOGIN_LOCKED:
            return _asked(request, problem=refusal(request, refused), status=429)
        problem = _("User ID, PIN or code is wrong.")
        return _asked(request, problem=problem, status=403, user_id=user_id)
    answer = web.HTTPSeeOther(f"{ROOT}/bundle")
    keep(request, answer, device, "driver", entered.session)
    raise answer


PAGES: PageModule[str] = PageModule(routes)
