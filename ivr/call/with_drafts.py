"""Who speaks in a test call of somebody who wants to hear their drafts in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ivr.records.database import RecordsUnavailable
from ivr.records.prompt_versions import PromptVersions
from ivr.studio.draft_calls import HEADER, DraftKey, shelf_with_drafts
from ivr.telephony.invite import Invite
from prompts.library import Shelf
from prompts.utterance import Narrator

log = structlog.get_logger("ivr.call.with_drafts")


@dataclass(frozen=True)
class DraftNarrators:
    """Those of one worker.

    Attributes:
        below: makes a shelf of what callers hear, for one call: it notes by itself when that
            changes.
        composing: makes a narrator that takes recordings from a shelf.
    """

    key: DraftKey
    versions: PromptVersions
    below: Callable[[], Shelf]
    composing: Callable[[Shelf], Narrator]

    async def of(self, invite: Invite) -> Narrator | None:
        """None for every call but a test call of this node's console."""
        seal = invite.headers.get(HEADER)
        if seal is None:
            return None
        author = self.key.author(seal, invite.calling, invite.called)
        if author is None:
            log.warning("not a test call of ours: no drafts are heard", source=invite.source)
            return None
        try:
            shelf = await shelf_with_drafts(self.versions, author, self.below)
        except RecordsUnavailable as failure:
            log.error("drafts cannot be read: none are heard", author=author, why=str(failure))
            return None
        log.info("drafts are heard", author=author, drafts=len(shelf.drafts))
        return self.composing(shelf)
