"""Test calls in which somebody hears their own drafts: how a worker knows one, and what it plays.

The telephone of the console seals who calls, from which number and to which, with a key that is
made at each start of a node and that only the node's own processes have. What anybody else sends
is no such seal, and has no effect.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken

from ivr.records.prompt_tables import PromptVersion
from ivr.records.prompt_versions import PromptVersions
from prompts.drafts import Draft, ShelfWithDrafts
from prompts.library import Shelf
from prompts.script import clips
from prompts.take import pcm_of
from speech.languages.language import Language

HEADER = "X-Rocars-Drafts"
"""Header of the INVITE that holds the seal. The front passes it on from this machine alone."""

GOOD_S = 30
"""How long after it was made a seal is good for a call that begins, seconds."""

MOST = 500
"""Drafts of one call: the newest."""


@dataclass(frozen=True)
class DraftKey:
    """Of one node, from its start to its end. `secret` is empty where nobody makes such calls."""

    secret: str = field(default="", repr=False)

    @classmethod
    def new(cls) -> DraftKey:
        return cls(Fernet.generate_key().decode())

    def seal(self, author: str, calling: str, called: str) -> str:
        """For a call that is placed now.

        Args:
            author: name of whose drafts are to be heard.
            calling: user part of From.
            called: number dialled.
        """
        sealed = json.dumps([author, calling, called])
        return Fernet(self.secret).encrypt(sealed.encode()).decode()

    def author(self, seal: str, calling: str, called: str) -> str | None:
        """Whose drafts are to be heard in this call; None where the seal is not ours, not of this
        call, or too old."""
        if not self.secret:
            return None
        try:
            opened = Fernet(self.secret).decrypt(seal.encode("utf-8", "replace"), ttl=GOOD_S)
        except InvalidToken:
            return None
        author, *of_call = json.loads(opened)
        return str(author) if of_call == [calling, called] else None


async def shelf_with_drafts(
    versions: PromptVersions, author: str, below: Callable[[], Shelf]
) -> ShelfWithDrafts:
    """What `author` hears: their own newest versions that wait, over what callers hear.

    Raises RecordsUnavailable.
    """
    found = await versions.waiting_of(author, MOST)
    return await asyncio.to_thread(lambda: ShelfWithDrafts(below(), _drafts(found)))


def _drafts(newest_first: Sequence[PromptVersion]) -> dict[tuple[Language, str], Draft]:
    """A version that was made for other words than those of the release is left out, as it could
    not go live either."""
    digests = {
        (language.value, clip.name): clip.digest
        for language in Language
        for clip in clips(language)
    }
    drafts: dict[tuple[Language, str], Draft] = {}
    for version in newest_first:
        if digests.get((version.language, version.clip)) != version.base_digest:
            continue
        key = Language(version.language), version.clip
        if key not in drafts:
            drafts[key] = Draft(version.words, pcm_of(version.sound))
    return drafts
