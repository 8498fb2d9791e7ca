"""The greeting and the choice of language."""

from __future__ import annotations

from call_flows.call_context import CallContext
from call_flows.rules import FlowRules
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Choice, Menu
from ivr.dialogue.turns import GaveUp
from prompts.utterance import Phrase
from speech.languages.language import Language


def language_menu(rules: FlowRules, first: Language | None = None) -> Menu[Language]:
    """Each language is offered in that language, on the keys 1, 2, 3 in the order configured.

    `first` is the one said first, with its own key; where none is chosen it is spoken.
    """
    return Menu(
        name="welcome.language",
        help="welcome.language_help",
        choices=tuple(
            Choice(str(key), language, "welcome.language", language=language)
            for key, language in sorted(
                enumerate(rules.languages, start=1), key=lambda offered: offered[1] is not first
            )
        ),
    )


async def welcome(call: Conversation, context: CallContext) -> None:
    """Greet in every language; a caller who chooses none hears the first one.

    A driver who is known is greeted in their language and not asked. Nobody is greeted where an
    announcement of the day was said instead.
    """
    greeted = any(announcement.instead for announcement in context.announcements)
    if context.known_language is not None:
        use_language(call, context, context.known_language)
        if not greeted:
            await call.say("welcome.greeting")
        return
    if not greeted:
        await call.say_all(
            [Phrase(language, "welcome.greeting") for language in context.rules.languages]
        )
    first = context.hints.language if context.hints.language in context.rules.languages else None
    try:
        await choose_language(call, context, first)
    except GaveUp:
        use_language(call, context, first or context.rules.languages[0])


async def choose_language(
    call: Conversation, context: CallContext, first: Language | None = None
) -> None:
    chosen = await call.choose(language_menu(context.rules, first))
    use_language(call, context, chosen.value)


def use_language(call: Conversation, context: CallContext, language: Language) -> None:
    call.language = language
    context.notes.language = language
