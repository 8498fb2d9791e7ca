"""What is announced at the beginning of a call: that it is recorded, and what is so of the day."""

from __future__ import annotations

from call_flows.call_context import CallContext, Conclusion
from ivr.dialogue.conversation import Conversation
from prompts.announcement import Announcement
from prompts.utterance import Phrase
from speech.languages.language import Language


async def announce_recording(call: Conversation, context: CallContext) -> None:
    """Say that the call is recorded, if it is, in every language and to the end."""
    if context.recorded:
        await call.say_all(
            [Phrase(language, "welcome.recorded") for language in context.rules.languages],
            barge_in=False,
        )


async def announce(call: Conversation, context: CallContext) -> None:
    """Say what is announced now. The call ends with an announcement that closes the service."""
    closing = any(announcement.closing for announcement in context.announcements)
    if closing:
        context.notes.conclude(Conclusion.CLOSED)
    for announcement in context.announcements:
        await call.say_all(_phrases(announcement, context), barge_in=not announcement.whole)


def _phrases(announcement: Announcement, context: CallContext) -> list[Phrase]:
    """In every language, since nothing was chosen yet; for who is known, in theirs alone."""
    known = context.known_language
    languages: tuple[Language, ...] = context.rules.languages if known is None else (known,)
    return [
        Phrase(language, announcement.name, words=announcement.words[language])
        for language in languages
        if language in announcement.words
    ]
