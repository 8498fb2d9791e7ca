"""What a prompt sounds and looks like: its audio, and its waveform as a picture."""

from __future__ import annotations

import io
import wave

import numpy as np
from aiohttp import web

from ground.web.headers import PICTURE_POLICY
from ground.web.navigation import PageModule
from ivr.console.door.guard import page
from ivr.console.pages.prompts import CLIP, named_clip, number_of
from ivr.console.rendering import error_page
from ivr.console.site import SITE
from ivr.records.roles import Role
from ivr.records.visitor import Visitor
from prompts.take import pcm_of
from prompts.utterance import SAMPLE_RATE

WIDTH, HEIGHT = 400, 48
FOR_GOOD = "private, max-age=31536000, immutable"
"""A version never changes, so a browser need not ask again."""


def routes() -> list[web.RouteDef]:
    return [
        web.get("/sounds/{version:[0-9]+}.wav", page(Role.VIEWER, _version_sound)),
        web.get("/sounds/{version:[0-9]+}.svg", page(Role.VIEWER, _version_picture)),
        web.get(f"{CLIP}/whole.wav", page(Role.VIEWER, _whole_sound)),
        web.get(f"{CLIP}/shipped.wav", page(Role.VIEWER, _shipped_sound)),
        web.get(f"{CLIP}/shipped.svg", page(Role.VIEWER, _shipped_picture)),
    ]


PAGES: PageModule[Role] = PageModule(routes)


async def _version_sound(request: web.Request, visitor: Visitor) -> web.Response:
    pcm = await _of_version(request)
    return error_page(request, 404, visitor) if pcm is None else sound(request, pcm, FOR_GOOD)


async def _version_picture(request: web.Request, visitor: Visitor) -> web.Response:
    pcm = await _of_version(request)
    return error_page(request, 404, visitor) if pcm is None else _picture(pcm, FOR_GOOD)


async def _shipped_sound(request: web.Request, visitor: Visitor) -> web.Response:
    pcm = await _shipped(request)
    return error_page(request, 404, visitor) if pcm is None else sound(request, pcm, "no-cache")


async def _shipped_picture(request: web.Request, visitor: Visitor) -> web.Response:
    pcm = await _shipped(request)
    return error_page(request, 404, visitor) if pcm is None else _picture(pcm, "no-cache")


async def _whole_sound(request: web.Request, visitor: Visitor) -> web.Response:
    """The whole prompt a clip is a piece of, as callers hear it today, with made-up values."""
    clip = await named_clip(request)
    if clip is None or not clip.prompt:
        return error_page(request, 404, visitor)
    utterance = await request.app[SITE].sample.of(clip.language, clip.prompt)
    return sound(request, utterance.pcm, "no-store")


async def _of_version(request: web.Request) -> bytes | None:
    version = await request.app[SITE].versions.get(number_of(request, "version"))
    return None if version is None else pcm_of(version.sound)


async def _shipped(request: web.Request) -> bytes | None:
    clip = await named_clip(request)
    if clip is None:
        return None
    found = request.app[SITE].library.clip(clip.language, clip.name)
    return None if found is None else bytes(found)


def sound(request: web.Request, pcm: bytes, kept: str) -> web.Response:
    """PCM as a WAV, or the part of it that a player asks for; `kept`: its Cache-Control."""
    return sent_in_part(request, as_wav(pcm), kept)


def sent_in_part(request: web.Request, body: bytes, kept: str) -> web.Response:
    """A WAV, or the part of it that a player asks for; `kept`: its Cache-Control."""
    headers = {"Cache-Control": kept, "Accept-Ranges": "bytes"}
    try:
        asked = request.http_range
    except ValueError:
        raise web.HTTPRequestRangeNotSatisfiable(
            headers={"Content-Range": f"bytes */{len(body)}"}
        ) from None
    if asked.start is None and asked.stop is None:
        return web.Response(body=body, content_type="audio/wav", headers=headers)
    begins = len(body) + asked.start if (asked.start or 0) < 0 else asked.start or 0
    ends = min(len(body), asked.stop or len(body))
    if not 0 <= begins < ends:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{len(body)}"})
    headers["Content-Range"] = f"bytes {begins}-{ends - 1}/{len(body)}"
    return web.Response(
        body=body[begins:ends], status=206, content_type="audio/wav", headers=headers
    )


def _picture(pcm: bytes, kept: str) -> web.Response:
    return web.Response(
        text=waveform(pcm),
        content_type="image/svg+xml",
        headers={"Cache-Control": kept, "Content-Security-Policy": PICTURE_POLICY},
    )


def as_wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm)
    return file.getvalue()


def waveform(pcm: bytes) -> str:
    """Highest and lowest sample of every column, as an SVG."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
    parts = [part for part in np.array_split(samples, WIDTH) if len(part)]
    middle = HEIGHT / 2
    path = "".join(
        f"M{x} {middle - part.max() * middle:.1f}V{middle - part.min() * middle + 0.5:.1f}"
        for x, part in enumerate(parts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" preserveAspectRatio="none">'
        f'<path d="{path}" stroke="#4c7db8" fill="none"/></svg>'
    )
