"""Who is asking, once the door knows."""

from __future__ import annotations

from aiohttp import web

from ivr.records.visitor import Visitor

VISITOR = web.RequestKey("visitor", Visitor)
