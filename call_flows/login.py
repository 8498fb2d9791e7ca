"""Who is calling: user ID, telephone PIN and the code of the security token."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend_client.errors import LoginLocked, LoginRefused
from backend_client.types import Credentials, Driver
from call_flows.call_context import CallContext, Conclusion
from call_flows.rules import FlowRules
from call_flows.welcome import choose_language
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Field
from ivr.dialogue.trace import hidden, last_three
from ivr.dialogue.turns import WantsHotline, WentBack

NO_USER_ID = NO_PIN = ""

SAID_OF_USER_ID = 3
"""Last digits of a user ID that are said to a caller who has not proved anything yet."""


class WithoutLogin(Exception):
    """The caller wants something that needs no log-in."""


class SomebodyElse(Exception):
    """The caller is not the driver for whom their number is registered."""


@dataclass
class LoginForm:
    """What the driver has keyed so far; the secrets stay out of every repr."""

    user_id: str = ""
    pin: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


def user_id_field(rules: FlowRules) -> Field[str]:
    return Field(
        name="login.user_id",
        prompt="login.user_id",
        again="login.user_id.again",
        help="login.user_id.help",
        min_digits=rules.user_id_digits,
        max_digits=rules.user_id_digits,
        parse=str,
        hash_alone=NO_USER_ID,
        shown_as=last_three,
        prompt_spoken="login.user_id.say",
        slots={"length": rules.user_id_digits},
    )


def pin_field(rules: FlowRules) -> Field[str]:
    return Field(
        name="login.pin",
        prompt="login.pin",
        again="login.pin.again",
        help="login.pin.help",
        min_digits=rules.pin_digits,
        max_digits=rules.pin_digits,
        parse=str,
        shown_as=hidden,
        prompt_spoken="login.pin.say",
        slots={"length": rules.pin_digits},
    )


def known_pin_field(rules: FlowRules, user_id: str) -> Field[str]:
    """The PIN of a driver known by their number; the hash key alone says it is somebody else."""
    return Field(
        name="login.pin",
        prompt="login.known.pin",
        again="login.known.pin",
        help="login.known.help",
        min_digits=rules.pin_digits,
        max_digits=rules.pin_digits,
        parse=str,
        hash_alone=NO_PIN,
        shown_as=hidden,
        slots={"ending": user_id[-SAID_OF_USER_ID:], "length": rules.pin_digits},
    )


def code_field(rules: FlowRules) -> Field[str]:
    return Field(
        name="login.code",
        prompt="login.code",
        again="login.code.again",
        help="login.code.help",
        min_digits=rules.code_digits,
        max_digits=rules.code_digits,
        parse=str,
        shown_as=hidden,
        prompt_spoken="login.code.say",
        slots={"length": rules.code_digits},
    )


async def login(call: Conversation, context: CallContext) -> Driver:
    """Log the driver in. What was wrong is never said; a locked user ID ends at the hotline.

    Raises WithoutLogin.
    """
    known = context.hints.user_id if context.rules.pin_digits else None
    for _ in range(context.rules.login_tries):
        form, known = await fill_in(call, context, known), None
        try:
            driver = await call.wait_for(
                context.rocars.log_in(Credentials(form.user_id, form.pin, form.code)),
                filler="login.checking",
            )
        except LoginRefused:
            context.notes.login_failures += 1
            await call.say("login.refused")
        except LoginLocked:
            context.notes.conclude(Conclusion.LOGIN_LOCKED)
            await call.say("login.locked")
            raise WantsHotline from None
        else:
            context.notes.user_id = driver.user_id
            await call.say("login.welcome")
            return driver
    context.notes.conclude(Conclusion.LOGIN_REFUSED)
    raise WantsHotline


async def fill_in(call: Conversation, context: CallContext, known: str | None) -> LoginForm:
    """Take what is needed to log in; a driver known by their number need not key their user ID."""
    if known:
        form = LoginForm(user_id=known)
        try:
            await call.walk((ask_known_pin, ask_code), call, context, form)
            return form
        except WentBack:
            pass  # back from the first question: to the one that was left out
        except SomebodyElse:
            await choose_language(call, context)
    form = LoginForm()
    await call.walk((ask_user_id, ask_pin, ask_code), call, context, form)
    return form


async def ask_known_pin(call: Conversation, context: CallContext, form: LoginForm) -> None:
    form.pin = (await call.ask(known_pin_field(context.rules, form.user_id))).value
    if form.pin == NO_PIN:
        raise SomebodyElse


async def ask_user_id(call: Conversation, context: CallContext, form: LoginForm) -> None:
    form.user_id = (await call.ask(user_id_field(context.rules))).value
    if form.user_id == NO_USER_ID:
        raise WithoutLogin


async def ask_pin(call: Conversation, context: CallContext, form: LoginForm) -> None:
    if context.rules.pin_digits:
        form.pin = (await call.ask(pin_field(context.rules))).value


async def ask_code(call: Conversation, context: CallContext, form: LoginForm) -> None:
    form.code = (await call.ask(code_field(context.rules))).value
