"""An agent at a kiosk: for whom, then lodging as that client does, or bundling for a named driver.

The consent of the client is looked at for every request, and what is done stands in its history.
"""

from __future__ import annotations

from aiohttp import web

from ground.web.navigation import PageModule
from rocars.kiosk.guard import page
from rocars.kiosk.pages import bundling, lodging
from rocars.kiosk.pages.lodging import shipper_of
from rocars.kiosk.site import SITE, render
from rocars.kiosk.visits import Visit
from rocars.portal.guard import FOR_CLIENT
from rocars.refusals import Code, Problem
from rocars.registry.agencies import ActingFor


def routes() -> list[web.RouteDef]:
    return [
        web.get("/clients", page("shipper", _list)),
        web.get(FOR_CLIENT, page("shipper", _menu)),
        *lodging.routes(FOR_CLIENT),
        *bundling.routes(FOR_CLIENT, "shipper"),
    ]


def _client(visit: Visit) -> ActingFor:
    """The guard sees to it that there is one."""
    if visit.client is None:
        raise Problem(Code.UNKNOWN_COMPANY)
    return visit.client


async def _list(request: web.Request, visit: Visit) -> web.StreamResponse:
    agencies = request.app[SITE].service.agencies
    clients = await agencies.clients_of(shipper_of(visit).company_id)
    return render(request, "clients.html.j2", csrf=visit.csrf, clients=clients)


async def _menu(request: web.Request, visit: Visit) -> web.StreamResponse:
    return render(
        request, "client.html.j2", csrf=visit.csrf, base=visit.base, client=_client(visit)
    )


PAGES: PageModule[str] = PageModule(routes)
