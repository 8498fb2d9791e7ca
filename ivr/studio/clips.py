"""The clips of the recording script as an operator sees them: words, use, what is heard today."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog

from ivr.drawing.book import flow_graphs
from ivr.drawing.source import literal_prompts, read_dialogue
from ivr.drawing.words import title
from ivr.records.prompt_tables import PromptVersion, Source, VersionState
from ivr.records.prompt_versions import PromptVersions
from prompts import catalogue
from prompts.library import RECORDINGS, Library, read_manifest
from prompts.script import Clip, clips, names_in_order, place_of
from prompts.utterance import BYTES_PER_SECOND
from speech.languages.language import Language
from speech.spoken.unit import Place

log = structlog.get_logger(__name__)

AT_QUESTIONS = "at any question"
AT_ANY_TIME = "at any time of a call"
IN_VALUES = "numbers, marks and times"
IN_PLACE = {
    Place.BEGINS: "first digit of a group",
    Place.INSIDE: IN_VALUES,
    Place.ENDS: "last digit of a group, where the voice falls",
}
"""Where units are said. Digits have a recording for each place in a group."""
PLACES = (AT_QUESTIONS, AT_ANY_TIME, *IN_PLACE.values())
"""Where a prompt is said that belongs to no single flow, in English."""


@dataclass(frozen=True)
class StudioClip:
    """One clip of one language.

    Attributes:
        number: by which it is named on the telephone.
        prompt: catalogue name; empty for digits, letters and the like (units).
        words: what is heard today, as written.
        shipped_words: what comes with the release.
        live: the version that is heard; None for the recording of the release.
        newest: the newest draft or reviewed version that waits.
        used_in: where it is said: names of flows, or one of `PLACES`.
        shipped_source: how the recording of the release was made; empty where there is none.
    """

    language: Language
    name: str
    number: int
    prompt: str
    words: str
    shipped_words: str
    digest: str
    live: PromptVersion | None
    newest: PromptVersion | None
    used_in: tuple[str, ...]
    shipped_source: str
    shipped_seconds: float | None

    @property
    def seconds(self) -> float | None:
        return self.live.seconds if self.live is not None else self.shipped_seconds

    @property
    def stale(self) -> bool:
        """A version is live that was made for words the release does not have any more."""
        return self.live is not None and self.live.base_digest != self.digest

    @property
    def source(self) -> str:
        """How what is heard was made; empty where nothing can be heard."""
        if self.live is not None and not self.stale:
            return self.live.source.value
        return self.shipped_source

    @property
    def missing(self) -> bool:
        return not self.source

    @property
    def stand_in(self) -> bool:
        """Nobody has spoken it yet."""
        return self.source == Source.SYNTHESISED


@dataclass(frozen=True)
class Coverage:
    """One language at a glance; numbers of clips."""

    language: Language
    total: int
    recorded: int
    synthesised: int
    missing: int
    waiting: int


@dataclass
class Studio:
    """All clips of all languages. Reading may raise RecordsUnavailable."""

    versions: PromptVersions
    library: Library
    recordings: Path | None = None
    _numbers: dict[str, int] = field(default_factory=dict)
    _was_read: bool = False

    async def _read_first(self) -> None:
        """What does not change is read once, beside the event loop: it takes most of a second."""
        if not self._was_read:
            await asyncio.to_thread(self._read)
            self._was_read = True

    def _read(self) -> None:
        for name, kept in vars(type(self)).items():
            if isinstance(kept, cached_property):
                getattr(self, name)

    @cached_property
    def _names(self) -> Sequence[str]:
        return tuple(names_in_order())

    @cached_property
    def script(self) -> Mapping[Language, Sequence[Clip]]:
        return {language: tuple(clips(language)) for language in Language}

    @cached_property
    def _manifests(self) -> Mapping[Language, dict[str, dict[str, Any]]]:
        directory = self.recordings or RECORDINGS
        return {language: read_manifest(directory / language) for language in Language}

    @cached_property
    def used_in(self) -> Mapping[str, tuple[str, ...]]:
        """By prompt of the catalogue: where it is said, read from the source of the flows."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for flow in flow_graphs():
            for node in flow.nodes:
                for prompt in node.prompts:
                    found[prompt][title(flow)] = None
        at_questions = {name for module in read_dialogue() for name in literal_prompts(module.tree)}
        elsewhere = {
            prompt.name: AT_QUESTIONS if prompt.name in at_questions else AT_ANY_TIME
            for prompt in catalogue.load(next(iter(Language)))
        }
        return {name: (place,) for name, place in elsewhere.items()} | {
            prompt: tuple(flows) for prompt, flows in found.items()
        }

    @cached_property
    def _prompts(self) -> Mapping[str, str]:
        """By clip: the prompt of the catalogue it is a piece of."""
        return {
            segment.name: prompt.name
            for language in Language
            for prompt in catalogue.load(language)
            for segment in prompt.segments
        }

    @cached_property
    def _written(self) -> Mapping[tuple[Language, str], str]:
        """By clip: its words as the catalogue has them, marks and all."""
        return {
            (language, segment.name): segment.text
            for language in Language
            for prompt in catalogue.load(language)
            for segment in prompt.segments
        }

    async def of(self, language: Language) -> list[StudioClip]:
        """All clips of a language in the order of the script."""
        await self._read_first()
        states = (VersionState.LIVE, VersionState.DRAFT, VersionState.REVIEWED)
        live: dict[str, PromptVersion] = {}
        waiting: dict[str, PromptVersion] = {}
        for version in await self.versions.in_state(*states):
            if version.language == language:
                where = live if version.state is VersionState.LIVE else waiting
                where[version.clip] = version
        numbers = await self.numbers()
        return [
            self._seen(clip, numbers[clip.name], live.get(clip.name), waiting.get(clip.name))
            for clip in self.script[language]
        ]

    async def of_tag(self, tag: str) -> list[StudioClip]:
        """The same by the tag that the records keep; none of a language that is no more."""
        return await self.of(Language(tag)) if tag in list(Language) else []

    async def of_version(self, version: PromptVersion) -> StudioClip | None:
        """The clip of a version, None where the script has it no more."""
        found = (clip for clip in await self.of_tag(version.language) if clip.name == version.clip)
        return next(found, None)

    async def get(self, language: Language, name: str) -> StudioClip | None:
        """One clip, None if the script has none of that name."""
        return next((clip for clip in await self.of(language) if clip.name == name), None)

    async def numbered(self, language: Language, number: str) -> StudioClip | None:
        """The clip with this number, None if there is none."""
        numbers = await self.numbers()
        name = next((known for known, its in numbers.items() if str(its) == number), None)
        return None if name is None else await self.get(language, name)

    async def numbers(self) -> Mapping[str, int]:
        """By clip: its number on the telephone."""
        await self._read_first()
        if not self._numbers:
            self._numbers = await self.versions.numbers.of(self._names)
        return self._numbers

    async def coverage(self) -> list[Coverage]:
        return [self._covered(language, await self.of(language)) for language in Language]

    @staticmethod
    def _covered(language: Language, seen: Sequence[StudioClip]) -> Coverage:
        synthesised = sum(clip.stand_in for clip in seen)
        missing = sum(clip.missing for clip in seen)
        return Coverage(
            language,
            total=len(seen),
            recorded=len(seen) - synthesised - missing,
            synthesised=synthesised,
            missing=missing,
            waiting=sum(clip.newest is not None for clip in seen),
        )

    def _seen(
        self, clip: Clip, number: int, live: PromptVersion | None, newest: PromptVersion | None
    ) -> StudioClip:
        shipped = self.library.clip(clip.language, clip.name)
        entry = self._manifests[clip.language].get(clip.name, {})
        source = str(entry.get("source", "recorded")) if shipped is not None else ""
        written = self._written.get((clip.language, clip.name), clip.speech)
        prompt = self._prompts.get(clip.name, "")
        return StudioClip(
            language=clip.language,
            name=clip.name,
            number=number,
            prompt=prompt,
            words=live.words if live is not None else written,
            shipped_words=written,
            digest=clip.digest,
            live=live,
            newest=newest,
            used_in=self.used_in[prompt] if prompt else (IN_PLACE[place_of(clip.name)],),
            shipped_source=source,
            shipped_seconds=None if shipped is None else len(shipped) / BYTES_PER_SECOND,
        )
