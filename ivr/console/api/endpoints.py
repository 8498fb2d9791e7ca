"""What programs can read; what they can change stands in `changes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from ivr.console.api import messages
from ivr.console.api.changes import CHANGES, OfLanguage
from ivr.console.api.endpoint import Asked, Endpoint, Query, Refused, nothing_there
from ivr.console.api.versions import clip_of, release_message, release_of, version_message
from ivr.console.asked_times import YEARS
from ivr.console.insight import Insight
from ivr.console.insight_of_days import insight_of
from ivr.console.shown import masked_number
from ivr.records import audit
from ivr.records.call_rows import CallRow, RequestRow
from ivr.records.call_search import CallFilter
from ivr.records.facts import now
from ivr.records.hong_kong import hong_kong_day
from ivr.records.models import BundleRequest, Call
from ivr.records.outcome import CallOutcome
from ivr.records.token_tables import Scope
from speech.languages.language import Language

MOST_CALLS = 200
MOST_DAYS = 366
USUAL_DAYS = 14

CALL_ID = r"^[0-9A-Za-z-]{1,36}$"


class OfCalls(Query):
    """Which calls; what is left out does not matter."""

    since: AwareDatetime | None = Field(None, description="Offered at this instant or later.")
    until: AwareDatetime | None = Field(None, description="Offered before this instant.")
    outcome: CallOutcome | None = Field(None, description="How they ended.")
    language: Language | None = Field(None, description="Language they ended in.")
    before: Annotated[str, Field(pattern=CALL_ID)] | None = Field(
        None, description="`next` of the page before."
    )
    limit: int = Field(50, ge=1, le=MOST_CALLS, description="Calls on a page.")

    @model_validator(mode="after")
    def _of_our_time(self) -> OfCalls:
        if any(at is not None and at.year not in YEARS for at in (self.since, self.until)):
            raise ValueError("since and until are of the years 2000 to 2100")
        return self


class OfDays(Query):
    """Hong Kong days, both included."""

    first: date | None = Field(None, description="Left out: two weeks with the last day.")
    last: date | None = Field(None, description="Left out: today.")
    language: Language | None = Field(None, description="Left out: all together.")

    def days(self) -> tuple[date, date]:
        """Raises Refused."""
        last = self.last or hong_kong_day(now())
        first = self.first or max(last, date(YEARS[0], 1, 1)) - timedelta(days=USUAL_DAYS - 1)
        if last.year not in YEARS or not timedelta() <= last - first < timedelta(days=MOST_DAYS):
            why = f"From first to last there are 1 to {MOST_DAYS} days, of the years 2000 to 2100."
            raise Refused(HTTPStatus.BAD_REQUEST, why)
        return first, last


async def _prompts(asked: Asked) -> messages.Prompts:
    language = asked.query_as(OfLanguage).language
    return messages.Prompts(
        language=language,
        prompts=[
            messages.Prompt(
                number=clip.number,
                name=clip.name,
                words=clip.words,
                source=clip.source or None,
                seconds=clip.seconds,
                stale=clip.stale,
                live_version=clip.live.serial if clip.live is not None else None,
                waiting=clip.newest is not None,
            )
            for clip in await asked.site.studio.of(language)
        ],
    )


async def _versions(asked: Asked) -> messages.Versions:
    language = asked.query_as(OfLanguage).language
    clip = await clip_of(asked, language, asked.number("number"))
    versions = await asked.site.versions.of_clip(language, clip.name)
    return messages.Versions(versions=[version_message(version) for version in versions])


async def _releases(asked: Asked) -> messages.Releases:
    return messages.Releases(
        releases=[
            messages.ReleaseName(
                release=release.release_id,
                name=release.name,
                made_by=release.made_by,
                made_at=release.made_at,
            )
            for release in await asked.site.releases.newest()
        ]
    )


async def _release(asked: Asked) -> messages.Release:
    return release_message(await release_of(asked))


async def _calls(asked: Asked) -> messages.Calls:
    query = asked.query_as(OfCalls)
    wanted = CallFilter(
        first=query.since,
        last=query.until,
        outcome=query.outcome,
        language=query.language or "",
        before=query.before or "",
    )
    filters = query.model_dump(mode="json", exclude_none=True)
    await audit.write(asked.site.records, asked.by, "calls exported", "/api/v1/calls", **filters)
    found = await asked.site.search.rows(wanted, query.limit + 1)
    page = found.calls[: query.limit]
    return messages.Calls(
        calls=[_call(call, found.requests_of(call)) for call in page],
        next=page[-1].call_id if len(found.calls) > len(page) else None,
    )


async def _one_call(asked: Asked) -> messages.Call:
    story = await asked.site.search.story(asked.path["call"][:64])
    if story is None:
        raise nothing_there()
    await audit.write(asked.site.records, asked.by, "call looked at", story.call.call_id)
    return _call(story.call, story.requests)


def _call(
    call: Call | CallRow, requests: Sequence[BundleRequest] | Sequence[RequestRow]
) -> messages.Call:
    return messages.Call(
        call=call.call_id,
        node=call.node,
        offered_at=call.offered_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        outcome=call.outcome,
        ended_by=call.ended_by,
        language=call.language,
        caller=masked_number(call.caller_e164),
        dialled=call.called,
        driver=call.driver,
        ubr=call.ubr,
        keys=call.keys,
        practice=call.practice,
        requests=[
            messages.BundleRequest(
                operation=request.operation,
                state=request.state,
                ccrns=request.ccrns,
                vehicle=request.vehicle,
                ubr=request.ubr,
                sent_at=request.sent_at,
            )
            for request in requests
        ],
    )


async def _figures(asked: Asked) -> messages.Figures:
    query = asked.query_as(OfDays)
    first, last = query.days()
    seen = await insight_of(asked.site.tallies, first, last, query.language or "")
    return _told(seen, query.language)


def _told(seen: Insight, language: str | None) -> messages.Figures:
    busy = seen.busy_hour
    return messages.Figures(
        first=seen.first,
        last=seen.last,
        language=language,
        calls=int(seen.calls),
        answered=int(seen.answered),
        containment=seen.containment,
        completed=seen.completed,
        mean_seconds=seen.mean_seconds,
        outcomes=_whole(seen.outcomes),
        by_day={day: _whole(counts) for day, counts in sorted(seen.by_day.items())},
        calls_by_hour=_whole(seen.by_hour),
        questions=[
            messages.Question(
                name=question.name,
                asked=int(question.asked),
                answered=int(question.answered),
                left=int(question.left),
                put=int(question.put),
                noinput=int(question.noinput),
                nomatch=int(question.nomatch),
            )
            for question in seen.questions
        ],
        busy_hour=None
        if busy is None
        else messages.BusyHour(
            day=busy.day,
            hour=int(busy.hour),
            calls=int(busy.calls),
            erlangs=round(busy.erlangs, 3),
            lines=busy.lines,
        ),
    )


def _whole(counts: Mapping[str, float]) -> dict[str, int]:
    return {name: int(count) for name, count in sorted(counts.items())}


ENDPOINTS = (
    Endpoint(
        operation="prompts",
        path="/prompts",
        scope=Scope.PROMPTS,
        summary="All recordings of a language, as callers hear them, in the order of the script.",
        query=OfLanguage,
        answer=messages.Prompts,
        do=_prompts,
    ),
    Endpoint(
        operation="versions",
        path="/prompts/{number}/versions",
        places=(("number", "Number of the recording."),),
        scope=Scope.PROMPTS,
        summary="All versions of one recording, the newest first.",
        query=OfLanguage,
        answer=messages.Versions,
        do=_versions,
    ),
    Endpoint(
        operation="releases",
        path="/releases",
        scope=Scope.RELEASES,
        summary="The newest releases: sets of versions that go live as one.",
        answer=messages.Releases,
        do=_releases,
    ),
    Endpoint(
        operation="release",
        path="/releases/{release}",
        places=(("release", "Number of the release."),),
        scope=Scope.RELEASES,
        summary="One release with its versions.",
        answer=messages.Release,
        do=_release,
    ),
    Endpoint(
        operation="calls",
        path="/calls",
        scope=Scope.CALLS,
        summary="Calls, the newest first, page by page. Each request is in the audit log.",
        query=OfCalls,
        answer=messages.Calls,
        do=_calls,
    ),
    Endpoint(
        operation="call",
        path="/calls/{call}",
        places=(("call", "ID of the call."),),
        scope=Scope.CALLS,
        summary="One call. Each look is in the audit log.",
        answer=messages.Call,
        do=_one_call,
    ),
    Endpoint(
        operation="figures",
        path="/figures",
        scope=Scope.FIGURES,
        summary="What the calls of some days say.",
        query=OfDays,
        answer=messages.Figures,
        do=_figures,
    ),
    *CHANGES,
)
