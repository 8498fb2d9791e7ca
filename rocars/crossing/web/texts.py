"""What drivers are told on boards and panels, and the names of things on officers' pages.

In English; the catalogues have the rest. A board says it in all languages by turns.
"""

from __future__ import annotations

from collections.abc import Mapping

from rocars.crossing.instructions import Cause, Instruction


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


HEADLINES: Mapping[Instruction, str] = {
    Instruction.PROCEED: _("Proceed"),
    Instruction.PROCEED_UNLADEN: _("Unladen: proceed"),
    Instruction.EXAMINE: _("Go to examination"),
    Instruction.TOO_EARLY: _("Too early"),
    Instruction.NO_BUNDLE: _("No bundle"),
    Instruction.WRONG_DIRECTION: _("Bundle for the other direction"),
    Instruction.DOUBTFUL: _("Please wait"),
    Instruction.SEVERAL_BUNDLES: _("Several bundles"),
    Instruction.BUNDLED_BUT_UNLADEN: _("Bundled, but declared unladen"),
    Instruction.LANE_CLOSED: _("Lane closed"),
    Instruction.TURN_BACK: _("Turn back"),
}
DETAILS: Mapping[Instruction, str] = {
    Instruction.EXAMINE: _("Follow the signs to the examination bay."),
    Instruction.TOO_EARLY: _("You may cross from %(time)s."),
    Instruction.NO_BUNDLE: _("With cargo: bundle first. Without: press Unladen vehicle."),
    Instruction.WRONG_DIRECTION: _("Without cargo: press Unladen vehicle. With cargo: bundle it."),
    Instruction.DOUBTFUL: _("An officer will read your plate."),
    Instruction.SEVERAL_BUNDLES: _("Wait for an officer."),
    Instruction.BUNDLED_BUT_UNLADEN: _("Wait for an officer."),
    Instruction.LANE_CLOSED: _("Use another lane."),
    Instruction.TURN_BACK: _("An officer will direct you."),
}
FREE = _("Drive up to the line")
OUT_OF_ORDER = _("Board out of order")
OUT_OF_ORDER_DETAIL = _("Wait for an officer.")
LANE = _("Lane %(sign)s")
UNLADEN_BUTTON = _("Unladen vehicle")
UNLADEN_MEANING = _("Press only if you carry no cargo.")
DECLARED: Mapping[str, str] = {
    "decided": _("Received. Look at the board."),
    "waiting": _("Received. Drive up to the line and look at the board."),
    "no_vehicle": _("Not counted: drive up to the line first, then press."),
    "closed": _("This lane is closed."),
}

TONES: Mapping[Instruction, tuple[str, str]] = {
    Instruction.PROCEED: ("go", "↑"),
    Instruction.PROCEED_UNLADEN: ("go", "↑"),
    Instruction.EXAMINE: ("aside", "→"),
    Instruction.TOO_EARLY: ("wait", "…"),
    Instruction.NO_BUNDLE: ("stop", "■"),
    Instruction.WRONG_DIRECTION: ("stop", "■"),
    Instruction.DOUBTFUL: ("wait", "…"),
    Instruction.SEVERAL_BUNDLES: ("wait", "…"),
    Instruction.BUNDLED_BUT_UNLADEN: ("wait", "…"),
    Instruction.LANE_CLOSED: ("stop", "×"),
    Instruction.TURN_BACK: ("stop", "↓"),
}
"""Colour and sign of each: neither alone tells (WCAG 2.2, 1.4.1)."""

CAUSES: Mapping[Cause, str] = {
    Cause.RULES: _("by the rules"),
    Cause.UNSURE: _("the camera was not sure"),
    Cause.AMBIGUOUS: _("the plate fits several vehicles with bundles"),
    Cause.NOT_A_MARK: _("no Hong Kong registration mark was read"),
    Cause.LATE: _("the reading came too late"),
    Cause.PROFILE: _("a risk profile"),
    Cause.RANDOM: _("selected at random"),
    Cause.STILL_TO_EXAMINE: _("sent to examination before, and not decided since"),
    Cause.OFFICER: _("an officer's decision"),
}
ITEMS: Mapping[str, str] = {
    "vehicle": _("registration mark"),
    "control_point": _("control point"),
    "lane": _("lane"),
    "direction": _("direction"),
    "hour": _("hour of the day"),
    "weekday": _("day of the week (1 is Monday)"),
    "read_corrected": _("plate was corrected"),
    "ubr": _("UBR"),
    "driver": _("driver's user ID"),
    "consignments": _("consignments in the bundle"),
    "minutes_since_bundling": _("minutes since bundling"),
    "ccrn": _("CCRN"),
    "company": _("company's registration number"),
    "company_name": _("company's name"),
    "packages": _("number of packages"),
    "package_description": _("description of packages"),
    "articles": _("articles"),
    "consignor_name": _("consignor's name"),
    "consignor_address": _("consignor's address"),
    "consignee_name": _("consignee's name"),
    "consignee_address": _("consignee's address"),
    "expected_date": _("expected date"),
    "container_number": _("container number"),
    "licence_number": _("licence or permit number"),
    "transhipment": _("transhipment"),
    "amended": _("data were amended"),
}
TESTS: Mapping[str, str] = {
    "is": _("is"),
    "is_not": _("is not"),
    "contains": _("contains"),
    "begins": _("begins with"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
}
SCOPES: Mapping[str, str] = {
    "laden": _("laden vehicles"),
    "unladen": _("unladen vehicles"),
    "both": _("all vehicles"),
}
DEEDS: Mapping[str, str] = {
    "let_pass": _("let pass"),
    "examine": _("sent to examination"),
    "turn_back": _("turned back"),
}
DIRECTIONS: Mapping[str, str] = {
    "inbound": _("into Hong Kong"),
    "outbound": _("out of Hong Kong"),
}
KINDS: Mapping[str, str] = {
    "ccrn": _("CCRN"),
    "ubr": _("UBR"),
    "vehicle": _("registration mark"),
    "user": _("user ID"),
}
"""What an enquiry is about."""
FACTS: Mapping[str, str] = {
    **ITEMS,
    "state": _("state"),
    "cross_from": _("may cross from"),
    "name": _("name"),
    "role": _("role"),
    "phone": _("telephone"),
    "account": _("account of the portal"),
    "container_numbers": _("container number"),
    "licence_numbers": _("licence or permit number"),
}
WORDS_OF_FACTS: Mapping[str, str] = {
    **DIRECTIONS,
    "free": _("not bundled"),
    "bundled": _("bundled"),
    "crossed": _("crossed"),
    "expired": _("expired"),
    "withdrawn": _("withdrawn"),
    "live": _("live"),
    "unbundled": _("unbundled"),
    "driver": _("driver"),
    "shipper": _("shipper"),
    "yes": _("yes"),
    "no": _("no"),
}
CHANNELS: Mapping[str, str] = {
    "telephone": _("telephone"),
    "web": _("web"),
    "kiosk": _("kiosk"),
    "system": _("shipper's system"),
    "file": _("file"),
    "hotline": _("hotline"),
    "boundary": _("boundary"),
    "office": _("administration"),
    "": _("not known"),
}
HAPPENED: Mapping[str, str] = {
    "lodged": _("lodged"),
    "amended": _("amended"),
    "withdrawn": _("withdrawn"),
    "bundled": _("bundled"),
    "unbundled": _("unbundled"),
    "crossed": _("crossed"),
    "logged_in": _("logged in"),
    "code_accepted": _("code of the token accepted"),
    "login_refused": _("log-in refused"),
    "login_locked": _("log-in refused: locked"),
    "unlocked_by_officer": _("unlocked by an officer"),
    "unbundled_by_officer": _("unbundled by an officer"),
    "texted_by_officer": _("text message sent again by an officer"),
    "not_sent_by_officer": _("text message not taken by the gateway"),
}
LOOKED: Mapping[str, str] = {
    "looked": _("looked"),
    "shown": _("was shown it in clear"),
    "unlocked": _("unlocked"),
    "unbundled": _("unbundled"),
    "texted": _("sent the text message again"),
    "not_sent": _("text message not taken by the gateway"),
}


def happened(deed: str) -> str:
    """The words for something that happened, or for what a driver was told in a lane."""
    return HAPPENED[deed] if deed in HAPPENED else HEADLINES[Instruction(deed)]


EVERY_SET: tuple[Mapping[str, str], ...] = (
    *(ITEMS, TESTS, SCOPES, DEEDS, DIRECTIONS, DECLARED),
    *(KINDS, FACTS, WORDS_OF_FACTS, CHANNELS, HAPPENED, LOOKED),
    {str(name): text for name, text in {**HEADLINES}.items()},
    {str(name): text for name, text in {**DETAILS}.items()},
    {str(name): text for name, text in {**CAUSES}.items()},
)
"""What is looked up by name, so that a test sees every word of it translated."""
