"""A file of many consignments: taken in, what came of it, and the files to download."""

from __future__ import annotations

from typing import BinaryIO, cast

from aiohttp import web

from ground.web.forms import Form
from ground.web.navigation import Entry, PageModule
from rocars.cargo.batch import result_files
from rocars.cargo.batch.items import ITEMS
from rocars.cargo.batch.result_files import told
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


def routes() -> list[web.RouteDef]:
    return [
        web.get("/upload", page("shipper", _ask)),
        web.post("/upload", action("shipper", _take, largest=_largest)),
        web.get("/upload/template.csv", page("shipper", _template)),
        web.get("/upload/{batch}", page("shipper", _show)),
        web.get("/upload/{batch}/ccrns.csv", page("shipper", _ccrns)),
        web.get("/upload/{batch}/errors.csv", page("shipper", _errors)),
    ]


def _largest(request: web.Request) -> int:
    return request.app[SITE].service.settings.batch.max_bytes + _AROUND


def _asked(
    request: web.Request, visitor: WebVisitor, *, problem: str = "", earlier: str = ""
) -> web.Response:
    return render(
        request,
        "upload.html.j2",
        visitor,
        status=422 if problem else 200,
        problem=problem,
        earlier=earlier,
        items=ITEMS,
        limits=request.app[SITE].service.settings.batch,
    )


async def _ask(request: web.Request, visitor: WebVisitor) -> web.StreamResponse:
    return _asked(request, visitor)


async def _take(request: web.Request, visitor: WebVisitor, form: Form) -> web.StreamResponse:
    service = request.app[SITE].service
    _ = words_for(request)
    sent = form.files.get("file", ())
    if not sent or not sent[0].filename:
        return _asked(request, visitor, problem=_("Choose a file."))
    try:
        receipt = await service.batches.take(
            visitor.company,
            cast(BinaryIO, sent[0].file),
            sent[0].filename,
            keep="good" if form.text("keep") == "good" else "all",
            again=form.text("again") == "yes",
        )
    except Problem as refused:
        if refused.code is not Code.FILE_REPEATED:
            raise
        return _asked(
            request,
            visitor,
            problem=_("This very file was lodged before. Nothing was lodged now."),
            earlier=refused.subject,
        )
    raise web.HTTPSeeOther(f"/upload/{receipt.batch}")


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
        errors=[(error, told(error, say)) for error in errors[:_SHOWN]],
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
