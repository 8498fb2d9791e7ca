"""What the scripts of the page say to a person, in English; the catalogues have the rest.

``{value}`` is filled in by the script.
"""

from __future__ import annotations

from collections.abc import Mapping


def _(text: str) -> str:
    """Marks a text for translation; it is translated where the page is made."""
    return text


SAID_BY_SCRIPTS: Mapping[str, str] = {
    # How far the call is.
    "state.calling": _("Calling …"),
    "state.ringing": _("It rings."),
    "state.talking": _("Connected. Key or speak."),
    "state.away": _("The connection to the service is lost; it is tried again. Or load the page."),
    "state.back": _("The telephone is ready."),
    # Why it is over, or was not placed.
    "why.hung_up": _("The call is over."),
    "why.cancelled": _("The call was given up before it was answered."),
    "why.rejected": _("The service did not take the call: SIP status {status}."),
    "why.busy": _("The service takes no calls just now. Try again in a moment."),
    "why.not_answered": _("Nobody answered."),
    "why.no_rtp": _("No sound came any more, so the call was ended."),
    "why.too_long": _("A call from here may be no longer, so it was ended."),
    "why.too_many": _("As many calls as may be placed from here are in progress. Try again later."),
    "why.no_records": _("The call was not placed: it could not be noted in the audit log."),
    "why.not_dialled": _("The call could not be placed. Try again; the log says why."),
    "why.other": _("The call ended: {why}."),
    # The call as a test.
    "test.saved": _("Saved as {file}: run it with rocars-ivr calls run."),
    "test.not_made": _("No test can be made of this call: {why}."),
    # Which keys are possible.
    "hint.digits": _("{most} digits."),
    "hint.digits_to": _("{fewest} to {most} digits; # ends them."),
    "hint.hash": _("# alone is an answer too."),
    # What happened in it.
    "who.service": _("Service"),
    "who.caller": _("You"),
    "who.rocars": _("ROCARS"),
    "step.key": _("keyed: {value}"),
    "step.speech": _("understood: {value} ({percent} % sure)"),
    "step.speech.secret": _("understood: {value}"),
    "step.universal": _("asked for: {value}"),
    "step.noinput": _("nothing was heard"),
    "step.nomatch": _("not understood"),
    "step.gave_up": _("the question was given up"),
    "step.back_end": _("{name}: {value}, {ms} ms"),
    "step.transfer": _("transfer: {value}"),
    # Sound.
    "sound.delay": _("{ms} ms"),
    "sound.refused": _("The browser did not let this page have a microphone."),
    "sound.on": _("The microphone is on."),
    "sound.off": _("The microphone is off."),
    "sound.none": _("This browser cannot play the call; what is said is shown."),
    # What there is to try.
    "driver.user_id": _("Key user ID {value}"),
    "driver.pin": _("Key PIN {value}"),
    "driver.code": _("Key code {value}"),
    "driver.valid": _("{seconds} s left"),
    "driver.unused": _("good until it is used"),
    "driver.phone": _("Call from {value}"),
    "cargo.key": _("Key CCRN {value} and #"),
    "cargo.outbound": _("out of Hong Kong"),
    "cargo.inbound": _("into Hong Kong"),
    "cargo.at_once": _("crosses at once"),
    "cargo.later": _("crosses after 30 minutes"),
    "language.yue": _("Cantonese"),
    "language.cmn": _("Putonghua"),
    "language.en": _("English"),
}
