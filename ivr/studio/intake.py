"""Taking recordings in: each becomes a draft of its clip, or is refused with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ground.refusal import Refusal
from ivr.records.prompt_tables import PromptVersion, Source
from ivr.records.prompt_versions import NewVersion, PromptVersions
from ivr.studio.clips import StudioClip
from prompts.loudness import Samples, as_pcm, levelled, trimmed
from prompts.settings import PromptSettings
from prompts.take import Take, flac, from_file, from_pcm
from prompts.utterance import BYTES_PER_SECOND
from speech.languages.language import Language
from speech.synthesiser.synthesiser import Synthesiser

LONGEST_WORDS = 1000
PAUSES = " ,.:;!?，。：；！？、\n"


class BadWords(Refusal):
    """Words that cannot be said in place of those; it says why."""


Beside = Callable[..., Awaitable[Any]]
"""Has a function of a module done beside the event loop: ``await beside(work, *given)``."""


class Intake:
    """Everything may raise RecordsUnavailable.

    Args:
        beside: where recordings are measured; what it raises is raised on.
    """

    def __init__(
        self,
        versions: PromptVersions,
        settings: PromptSettings,
        *,
        beside: Beside = asyncio.to_thread,
    ) -> None:
        self._versions = versions
        self._settings = settings
        self._beside = beside

    async def file(
        self,
        by: str,
        clip: StudioClip,
        data: bytes,
        source: Source,
        note: str = "",
        *,
        seen: Asked | None = None,
        batch: str | None = None,
    ) -> PromptVersion:
        """A file of any usual format. Raises BadTake.

        Args:
            seen: what the one who recorded saw to be said; None: what is asked for now.
            batch: the set it came with.
        """
        settings, asked = self._settings, seen or asked_of(clip)
        take = await self._beside(
            from_file, data, settings.takes, settings.loudness_lufs, asked.seconds
        )
        return await self._add(by, clip, take, source, asked, note, batch)

    async def phone(self, by: str, clip: StudioClip, pcm: bytes) -> PromptVersion:
        """What was said on the telephone. Raises BadTake."""
        settings, asked = self._settings, asked_of(clip)
        take = await self._beside(
            from_pcm, pcm, settings.takes, settings.loudness_lufs, asked.seconds
        )
        return await self._add(by, clip, take, Source.PHONE, asked)

    async def words(self, by: str, clip: StudioClip, words: str) -> PromptVersion:
        """Other words for a clip, said by the synthesiser until somebody records them.

        Raises BadWords, SynthesisFailed.
        """
        words = _must_fit(clip, words)
        synthesiser = Synthesiser(self._settings.synthesiser)
        try:
            raw = await synthesiser.speak(Language(clip.language), words.strip(PAUSES))
        finally:
            await synthesiser.close()
        pcm = await self._beside(_finished, raw, self._settings.loudness_lufs)
        return await self._versions.add(
            by,
            NewVersion(
                language=clip.language,
                clip=clip.name,
                words=words,
                base_digest=clip.digest,
                sound=flac(pcm),
                seconds=len(pcm) / BYTES_PER_SECOND,
                raw_lufs=None,
                source=Source.SYNTHESISED,
            ),
            once=True,
        )

    async def _add(
        self,
        by: str,
        clip: StudioClip,
        take: Take,
        source: Source,
        asked: Asked,
        note: str = "",
        batch: str | None = None,
    ) -> PromptVersion:
        return await self._versions.add(
            by,
            NewVersion(
                language=clip.language,
                clip=clip.name,
                words=asked.words,
                base_digest=clip.digest,
                sound=take.as_flac(),
                seconds=take.seconds,
                raw_lufs=take.raw_lufs,
                source=source,
                note=note[:500],
                batch=batch,
            ),
            once=True,
        )


def _finished(raw: Samples, loudness_lufs: float) -> bytes:
    """What the synthesiser said, as PCM for callers."""
    return as_pcm(levelled(trimmed(raw), loudness_lufs))


@dataclass(frozen=True)
class Asked:
    """What is to be recorded: the words, and how long they usually take, seconds."""

    words: str
    seconds: float | None


def asked_of(clip: StudioClip, version: PromptVersion | None = None) -> Asked:
    """What was asked to be said last: words that wait for it, else today's; with a version, what
    that one says."""
    version = version or clip.newest
    return asked(clip, clip.words if version is None else version.words)


def asked(clip: StudioClip, words: str) -> Asked:
    """These words in the place of a clip.

    How long they take is reckoned by what is heard today, in proportion where the words are others.
    A draft is no measure: nobody has heard it through yet, and a bad one would have the good ones
    refused.
    """
    today, wanted = _letters(clip.words), _letters(words)
    if clip.seconds is None or not today or not wanted:
        return Asked(words, clip.seconds)
    return Asked(words, clip.seconds * wanted / today)


def _letters(words: str) -> int:
    return sum(1 for letter in words if letter not in PAUSES)


def _must_fit(clip: StudioClip, words: str) -> str:
    """The words with the spaces and marks at their ends that the sentence around them needs."""
    if not clip.prompt:
        raise BadWords("digits, letters and the like are said as the language has them")
    bare = " ".join(words.split()).strip(PAUSES)
    if not bare:
        raise BadWords("there is nothing to say")
    if len(bare) > LONGEST_WORDS:
        raise BadWords("%(number)d characters are the most", number=LONGEST_WORDS)
    if any(mark in bare for mark in "{}<>"):
        raise BadWords("what is filled in, like {key:key}, is no part of a recording")
    before = clip.shipped_words
    lead = before[: len(before) - len(before.lstrip(PAUSES))]
    tail = before[len(before.rstrip(PAUSES)) :]
    return f"{lead}{bare}{tail}"
