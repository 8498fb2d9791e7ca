"""What programs can change: drafts, their review, and releases. The rules are those of the pages,
and so are the entries of the audit log."""

from __future__ import annotations

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated, TypeVar

import structlog
from pydantic import AwareDatetime, Field

from ivr.console.api import messages
from ivr.console.api.endpoint import Asked, Endpoint, Query, Refused
from ivr.console.api.versions import (
    clip_of,
    release_message,
    release_of,
    version_message,
    version_of,
)
from ivr.console.asked_times import YEARS
from ivr.console.faults import message_for
from ivr.records.facts import now
from ivr.records.prompt_tables import Source, VersionState
from ivr.records.prompt_versions import NotAllowed
from ivr.records.token_tables import Scope
from ivr.studio.intake import asked_of
from ivr.studio.publication import NotPublished, publish
from prompts.take import BadTake
from speech.languages.language import Language

log = structlog.get_logger(__name__)

T = TypeVar("T")

MOST_VERSIONS = 2000


class OfLanguage(Query):
    language: Language = Field(description="Tag of a language of the service.")


class OfDraft(OfLanguage):
    words: str | None = Field(
        None,
        max_length=2000,
        description="The words that were read out: refused, if others are asked for by now.",
    )
    note: str = Field("", max_length=500, description="For who reviews it.")


class NamedVersion(messages.Message):
    language: Language
    number: int = Field(ge=0, le=999_999_999, description="Number of the recording.")
    serial: int = Field(ge=1, le=999_999_999)


class NewRelease(messages.Message):
    """Reviewed versions that are in no release yet."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")
    versions: Annotated[list[NamedVersion], Field(min_length=1, max_length=MOST_VERSIONS)]


class GoesLive(messages.Message):
    live_from: AwareDatetime | None = Field(
        description="An instant to come; null takes the schedule back."
    )


async def _upload(asked: Asked) -> messages.Version:
    query = asked.query_as(OfDraft)
    clip = await clip_of(asked, query.language, asked.number("number"))
    wanted = asked_of(clip)
    if query.words is not None and query.words != wanted.words:
        raise Refused(HTTPStatus.CONFLICT, f"Other words are asked for: {wanted.words}")
    try:
        version = await asked.site.intake.file(
            asked.by, clip, asked.sound, Source.UPLOADED, query.note, seen=wanted
        )
    except BadTake as refusal:
        why = message_for(refusal, str)
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, why) from refusal
    return version_message(version)


async def _review(asked: Asked) -> messages.Version:
    language = asked.query_as(OfLanguage).language
    version = await version_of(asked, language, asked.number("number"), asked.number("serial"))
    return version_message(await _allowed(asked.site.versions.review(asked.by, version.version_id)))


async def _gather(asked: Asked) -> messages.Release:
    body = asked.body_as(NewRelease)
    versions = [
        await version_of(asked, named.language, named.number, named.serial)
        for named in body.versions
    ]
    for version in versions:
        if version.state is not VersionState.REVIEWED or version.release_id is not None:
            what = f"{version.language} {version.clip} version {version.serial}"
            why = f"{what} is {version.state}, or in a release already."
            raise Refused(HTTPStatus.CONFLICT, why)
    ids = [version.version_id for version in versions]
    release = await _allowed(asked.site.releases.gather(asked.by, body.name, ids))
    whole = await asked.site.releases.get(release.release_id)
    assert whole is not None
    return release_message(whole)


async def _make_live(asked: Asked) -> messages.ChangedRelease:
    await release_of(asked)
    await _allowed(asked.site.releases.make_live(asked.by, asked.number("release")))
    return await _made_audible(asked)


async def _roll_back(asked: Asked) -> messages.ChangedRelease:
    await release_of(asked)
    await _allowed(asked.site.releases.roll_back(asked.by, asked.number("release")))
    return await _made_audible(asked)


async def _schedule(asked: Asked) -> messages.Release:
    at = asked.body_as(GoesLive).live_from
    if at is not None and not (at.year in YEARS and at > now()):
        raise Refused(HTTPStatus.BAD_REQUEST, "live_from is an instant to come.")
    await release_of(asked)
    await _allowed(asked.site.releases.schedule(asked.by, asked.number("release"), at))
    return release_message(await release_of(asked))


async def _made_audible(asked: Asked) -> messages.ChangedRelease:
    """Brought to the workers of this node before the answer says so, as by the pages."""
    site, audible = asked.site, True
    try:
        await publish(site.versions, site.published)
    except NotPublished as failure:
        log.error("a release is live, and this node cannot play it", why=str(failure))
        audible = False
    whole = release_message(await release_of(asked))
    return messages.ChangedRelease(**dict(whole), audible=audible)


async def _allowed(change: Awaitable[T]) -> T:
    """Raises Refused where the rules say no."""
    try:
        return await change
    except NotAllowed as refusal:
        raise Refused(HTTPStatus.CONFLICT, str(refusal)) from refusal


_NUMBER = ("number", "Number of the recording.")
_RELEASE = (("release", "Number of the release."),)

CHANGES = (
    Endpoint(
        operation="uploadDraft",
        method="POST",
        path="/prompts/{number}/versions",
        places=(_NUMBER,),
        scope=Scope.UPLOAD_DRAFTS,
        summary="A recording, as WAV, FLAC, MP3, OGG, AIFF or M4A: measured and mended as in the "
        "console, it becomes a draft. The same one sent again is the same draft.",
        query=OfDraft,
        takes_sound=True,
        answer=messages.Version,
        success=HTTPStatus.CREATED,
        do=_upload,
    ),
    Endpoint(
        operation="reviewDraft",
        method="POST",
        path="/prompts/{number}/versions/{serial}/review",
        places=(_NUMBER, ("serial", "Which of its versions.")),
        scope=Scope.REVIEW_DRAFTS,
        summary="A second person has heard the draft and finds it right. Whoever made a token "
        "answers for it, and reviews nothing of their own with it.",
        query=OfLanguage,
        answer=messages.Version,
        do=_review,
    ),
    Endpoint(
        operation="gatherRelease",
        method="POST",
        path="/releases",
        scope=Scope.MAKE_LIVE,
        summary="Make a release of reviewed versions.",
        body=NewRelease,
        answer=messages.Release,
        success=HTTPStatus.CREATED,
        do=_gather,
    ),
    Endpoint(
        operation="makeLive",
        method="POST",
        path="/releases/{release}/live",
        places=_RELEASE,
        scope=Scope.MAKE_LIVE,
        summary="Make all of a release live that is reviewed, in one transaction.",
        answer=messages.ChangedRelease,
        do=_make_live,
    ),
    Endpoint(
        operation="schedule",
        method="POST",
        path="/releases/{release}/schedule",
        places=_RELEASE,
        scope=Scope.MAKE_LIVE,
        summary="Have a release go live by itself, or not any more.",
        body=GoesLive,
        answer=messages.Release,
        do=_schedule,
    ),
    Endpoint(
        operation="rollBack",
        method="POST",
        path="/releases/{release}/roll-back",
        places=_RELEASE,
        scope=Scope.MAKE_LIVE,
        summary="In the place of each live version of a release comes what was live before it.",
        answer=messages.ChangedRelease,
        do=_roll_back,
    ),
)
