"""Announcements of the day on their way from the records to the callers of this node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from ivr.records.announcement_tables import Announcement, AnnouncementKind, AnnouncementPlace
from ivr.records.announcements import Announcements
from ivr.studio.publication import NotPublished
from prompts import announcements
from prompts.announcement import Announcement as Said
from prompts.script import Clip
from prompts.stand_in import StandIns
from speech.languages.language import Language

log = structlog.get_logger(__name__)


def as_said(announcement: Announcement) -> Said:
    """An announcement of the records as the workers of a node know it."""
    return Said(
        number=announcement.announcement_id,
        words={
            language: announcement.words[language]
            for language in Language
            if language in announcement.words
        },
        begins=announcement.begins_at,
        ends=announcement.ends_at,
        instead=announcement.place is AnnouncementPlace.INSTEAD,
        closing=announcement.place is AnnouncementPlace.CLOSING,
        whole=announcement.kind is AnnouncementKind.EMERGENCY,
    )


class Announcing:
    """Brings them to one node, spoken beforehand so that no caller waits for a voice."""

    def __init__(self, records: Announcements, directory: Path, voice: StandIns) -> None:
        """`directory`: where the workers look; `voice` shares its cache with theirs."""
        self._records = records
        self._directory = directory
        self._voice = voice
        self._published: Sequence[Said] | None = None

    async def publish(self) -> None:
        """Bring what has changed. Raises NotPublished, RecordsUnavailable."""
        wanted = [as_said(announcement) for announcement in await self._records.to_be_said()]
        if wanted == self._published:
            return
        for announcement in wanted:
            for language, words in announcement.words.items():
                await self._voice.synthesised(Clip(language, announcement.name, words))
        try:
            await asyncio.to_thread(announcements.publish, self._directory, wanted)
        except OSError as failure:
            raise NotPublished(f"{type(failure).__name__}: {failure}") from failure
        if wanted or self._published:
            log.info("announcements published", count=len(wanted))
        self._published = wanted

    async def close(self) -> None:
        await self._voice.close()
