"""Tokens that expire, and devices ordered of a token maker."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from aiohttp import web

from ground.web.forms import Form, number_in
from ground.web.navigation import Entry, PageModule
from rocars.counter.site import NOTICES, ROOT, SITE, action, page, render, words_for
from rocars.crossing.officers import OfficerRole, OfficerVisitor
from rocars.registry.deeds import NotPossible
from rocars.registry.driver_tokens import MOST_DEVICES, OrderedDevice

COLUMNS = ("serial", "kind", "digits", "time_step_s", "seed_hex")
"""Of the list for a token maker."""


async def _list(request: web.Request, visitor: OfficerVisitor) -> web.StreamResponse:
    desk = request.app[SITE]
    return render(
        request,
        "tokens.html.j2",
        visitor,
        tokens=await desk.tokens.expiring(),
        stock=await desk.tokens.in_stock(),
        days=desk.settings.notice_days,
        most=MOST_DEVICES,
        now=desk.clock(),
    )


async def _order(request: web.Request, visitor: OfficerVisitor, form: Form) -> web.StreamResponse:
    """The list, told once; the seeds are kept locked."""
    try:
        ordered = await request.app[SITE].tokens.order_devices(
            visitor.name, number_in(form.text("number")) or 0
        )
    except NotPossible as why:
        NOTICES.tell(request, why.message(words_for(request)), bad=True)
        raise web.HTTPSeeOther(f"{ROOT}/tokens") from None
    return web.Response(
        text=as_csv(ordered),
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="devices.csv"',
            "Cache-Control": "no-store",
        },
    )


def as_csv(ordered: Sequence[OrderedDevice]) -> str:
    """A row a device; the time step is empty for HOTP (RFC 4180)."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for device in ordered:
        rows.writerow((device.serial, device.kind, device.digits, device.step_s, device.seed))
    return written.getvalue()


TOKENS: PageModule[OfficerRole] = PageModule(
    lambda: [
        web.get("/tokens", page(OfficerRole.REGISTRAR, _list)),
        web.post("/tokens/order", action(OfficerRole.REGISTRAR, _order)),
    ],
    (Entry(f"{ROOT}/tokens", "Tokens", OfficerRole.REGISTRAR),),
)
