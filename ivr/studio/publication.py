"""From the records to what the workers of this node play."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from ivr.records.prompt_tables import PromptVersion, VersionState
from ivr.records.prompt_versions import PromptVersions
from prompts import live
from prompts.live import LiveClip
from prompts.take import pcm_of
from speech.languages.language import Language

log = structlog.get_logger(__name__)


class NotPublished(Exception):
    """The recordings of the records could not be brought to the workers; the text says why."""


async def publish(versions: PromptVersions, directory: Path) -> bool:
    """Bring what is live to this node; True when that changed something.

    Several processes may do so at once: who comes last has read last. Raises NotPublished,
    RecordsUnavailable.
    """
    try:
        await asyncio.to_thread(directory.mkdir, 0o700, parents=True, exist_ok=True)
        async with _alone(directory):
            wanted = [_clip(version) for version in await versions.in_state(VersionState.LIVE)]
            try:
                before = live.published(directory)
            except ValueError:
                before = None  # unreadable: written anew
            missing = live.unpublished(directory, (clip.version for clip in wanted))
            if wanted == before and not missing:
                return False
            sounds = {}
            for version_id in missing:
                version = await versions.get(version_id)
                if version is not None:
                    sounds[version_id] = pcm_of(version.sound)
            await asyncio.to_thread(live.publish, directory, wanted, sounds)
            log.info("recordings published", live=len(wanted))
            return True
    except (OSError, ValueError) as failure:
        raise NotPublished(f"{type(failure).__name__}: {failure}") from failure


def _clip(version: PromptVersion) -> LiveClip:
    return LiveClip(
        Language(version.language),
        version.clip,
        version.version_id,
        version.words,
        version.base_digest,
    )


@contextlib.asynccontextmanager
async def _alone(directory: Path) -> AsyncIterator[None]:
    with (directory / "lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.02)
        yield
