"""A file of many consignments: taken in, what came of it, and the files to download."""

from __future__ import annotations

from typing import BinaryIO, cast

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.cargo.batch import result_files
from rocars.cargo.batch.items import ITEMS
from rocars.cargo.batch.result_files import message_for
from rocars.cargo.file_readings import Standing
from rocars.cargo.messages import BatchReceipt
from rocars.entrance.web_login import WebVisitor
from rocars.portal.guard import action, page
from rocars.portal.rendering import render, words_for
from rocars.portal.site import SITE
from rocars.refusals import Code, Problem

_AROUND = 100_000
"""What a form with a file has besides the file, bytes."""

_SHOWN = 100
"""Errors and CCRNs on the page; the files have all."""


def routes(base: str = "") -> list[web.RouteDef]:
    """`base` is where the pages of a client begin."""
    return [
        web.get(f"{base}/upload", page("shipper", _ask)),
        web.post(f"{base}/upload", action("shipper", _take, largest=_largest)),
        web.get(f"{base}/upload/template.csv", page("shipper", _template)),
        web.get(f"{base}/upload/reading/{{reading}}", page("shipper", _reading)),
        web.get(f"{base}/upload/{{batch}}", page("shipper", _show)),
        web.get(f"{base}/upload/{{batch}}/ccrns.csv", page("shipper", _ccrns)),
        web.get(f"{base}/upload/{{batch}}/errors.csv", page("shipper", _errors)),
    ]


def _largest(request: web.Request) -> int:
    return request.app[SITE].service.settings.batch.max_bytes + _AROUND


async def _asked(
    request: web.Request, visitor: WebVisitor, *, problem: str = "", earlier: str = ""
) -> web.Response:
    service = request.app[SITE].service
    return render(
        request,
        "upload.html.j2",
        visitor,
        status=422 if problem else 200,
        problem=problem,
        earlier=earlier,
        items=ITEMS,
        limits=service.settings.batch,
        under_way=await service.file_readings.under_way(visitor.company_id),
        latest=await service.batches.latest(visitor.company_id),
    )


async def _ask(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return await _asked(request, visitor)


async def _take(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    readings = request.app[SITE].service.file_readings
    sent = form.files.get("file", ())
    if not sent or not sent[0].filename:
        return await _asked(request, visitor, problem=words_for(request)("Choose a file."))
    token = await readings.begin(
        visitor.company_id,
        visitor.company,
        cast(BinaryIO, sent[0].file),
        sent[0].filename,
        keep="good" if form.text("keep") == "good" else "all",
        again=form.text("again") == "yes",
    )
    standing = await readings.awaited(visitor.company_id, token)
    if standing.state == "reading":
        raise web.HTTPSeeOther(f"{visitor.base}/upload/reading/{token}")
    return await _ended(request, visitor, standing)


async def _reading(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    """How far a file is. The page asks again by itself, with scripts and without."""
    standing = await request.app[SITE].service.file_readings.standing(
        visitor.company_id, request.match_info["reading"][:32]
    )
    if standing.state == "reading":
        return render(request, "reading.html.j2", visitor, standing=standing)
    if "HX-Request" in request.headers:
        # It asks for a part of the page, and is to have another page.
        return web.Response(headers={"HX-Redirect": request.path})
    return await _ended(request, visitor, standing)


async def _ended(
    request: web.Request, visitor: WebVisitor, standing: Standing
) -> web.StreamResponse:
    _ = words_for(request)
    if standing.state == "interrupted":
        text = _("Reading this file was interrupted. Nothing of it was lodged: send it again.")
        return await _asked(request, visitor, problem=text)
    if standing.refused is None:
        raise web.HTTPSeeOther(f"{visitor.base}/upload/{standing.batch_id}")
    if standing.refused.code is not Code.FILE_REPEATED:
        raise standing.refused
    return await _asked(
        request,
        visitor,
        problem=_("This very file was lodged before. Nothing was lodged now."),
        earlier=standing.refused.subject,
    )


async def _receipt(request: web.Request, visitor: WebVisitor) -> BatchReceipt:
    """Raises Problem UNKNOWN_BATCH."""
    number = request.match_info["batch"]
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise Problem(Code.UNKNOWN_BATCH, number[:20])
    return await request.app[SITE].service.batches.receipt(visitor.company, int(number))


async def _show(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    receipt = await _receipt(request, visitor)
    errors = await request.app[SITE].service.batches.errors(visitor.company, receipt.batch)
    say = words_for(request)
    return render(
        request,
        "uploaded.html.j2",
        visitor,
        receipt=receipt,
        errors=[(error, message_for(error, say)) for error in errors[:_SHOWN]],
        more_errors=len(errors) > _SHOWN,
        lots=receipt.consignments[:_SHOWN],
        shown=_SHOWN,
    )


async def _template(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return _file("consignments.csv", result_files.template())


async def _ccrns(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    receipt = await _receipt(request, visitor)
    content = result_files.results(receipt.consignments, words_for(request))
    return _file(f"ccrns-{receipt.batch}.csv", content)


async def _errors(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    receipt = await _receipt(request, visitor)
    errors = await request.app[SITE].service.batches.errors(visitor.company, receipt.batch)
    return _file(f"errors-{receipt.batch}.csv", result_files.errors(errors, words_for(request)))


def _file(name: str, content: bytes) -> web.Response:
    return web.Response(
        body=content,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


PAGES: PageModule[str] = PageModule(routes, entries=(Entry("/upload", "Upload", "shipper"),))
