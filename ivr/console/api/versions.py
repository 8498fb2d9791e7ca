"""Versions and releases as the API tells of them."""

from __future__ import annotations

from ivr.console.api import messages
from ivr.console.api.endpoint import Asked, nothing_there
from ivr.records.prompt_tables import PromptVersion
from ivr.records.releases import Whole
from ivr.studio.clips import StudioClip
from speech.languages.language import Language


def version_message(version: PromptVersion) -> messages.Version:
    return messages.Version(
        language=version.language,
        name=version.clip,
        serial=version.serial,
        state=version.state,
        source=version.source,
        words=version.words,
        seconds=version.seconds,
        made_by=version.made_by,
        made_at=version.made_at,
        reviewed_by=version.reviewed_by,
        reviewed_at=version.reviewed_at,
        live_from=version.live_from,
        was_live_at=version.was_live_at,
    )


def release_message(whole: Whole) -> messages.Release:
    return messages.Release(
        release=whole.release.release_id,
        name=whole.release.name,
        made_by=whole.release.made_by,
        made_at=whole.release.made_at,
        versions=[version_message(part.version) for part in whole.parts],
    )


async def clip_of(asked: Asked, language: Language, number: int) -> StudioClip:
    """Raises Refused where there is none."""
    clip = await asked.site.studio.numbered(language, str(number))
    if clip is None:
        raise nothing_there()
    return clip


async def version_of(asked: Asked, language: Language, number: int, serial: int) -> PromptVersion:
    """Raises Refused where there is none."""
    clip = await clip_of(asked, language, number)
    for version in await asked.site.versions.of_clip(language, clip.name):
        if version.serial == serial:
            return version
    raise nothing_there()


async def release_of(asked: Asked) -> Whole:
    """The release that the path names. Raises Refused where there is none."""
    whole = await asked.site.releases.get(asked.number("release"))
    if whole is None:
        raise nothing_there()
    return whole
