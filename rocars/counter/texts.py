"""Names of things on registrars' pages and on the sheets of packs, in English; the catalogues have
the rest."""

from __future__ import annotations

from collections.abc import Mapping


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


STATES: Mapping[str, str] = {
    "waiting": _("waits for an officer"),
    "asked": _("applicant was asked"),
    "approved": _("approved"),
    "refused": _("refused"),
    "withdrawn": _("withdrawn by the applicant"),
}
PACK_STATES: Mapping[str, str] = {
    "ordered": _("to be printed"),
    "printed": _("printed, to be handed over"),
    "active": _("handed over"),
    "void": _("void"),
}
KINDS: Mapping[str, str] = {
    "company": _("company"),
    "organisation": _("organisation"),
    "individual": _("individual"),
}
ROLES: Mapping[str, str] = {"shipper": _("shipper"), "driver": _("trucker")}
CARRIERS: Mapping[str, str] = {
    "none": _("no token"),
    "soft": _("token as a QR code"),
    "device": _("token device"),
}
SPOKEN: Mapping[str, str] = {
    "yue": _("Cantonese"),
    "cmn": _("Putonghua"),
    "en": _("English"),
}
DEEDS: Mapping[str, str] = {
    "sent": _("application sent"),
    "corrected": _("application corrected"),
    "withdrawn": _("application withdrawn"),
    "looked": _("looked at the application"),
    "asked": _("asked for more"),
    "approved": _("application approved"),
    "refused": _("application refused"),
    "pack_printed": _("pack printed"),
    "pack_handed_over": _("pack handed over"),
    "four_eyes_refused": _("tried to hand over a pack they ordered"),
    "pack_voided": _("pack declared void"),
    "secrets_replaced": _("password and PIN closed, new pack ordered"),
    "token_ordered": _("another token ordered"),
    "token_revoked": _("token revoked"),
    "token_resynchronised": _("token brought back in step"),
    "devices_ordered": _("devices ordered of a token maker"),
    "unlocked": _("lock-out ended"),
    "password_changed": _("password changed"),
    "consent_given": _("consent given by the client"),
    "consent_ended": _("consent taken back by the client"),
}
STEPS: Mapping[str, str] = {
    "lodge": _("lodged"),
    "amend": _("amended"),
    "bundle": _("bundled"),
    "board": _("read the board"),
    "log_in": _("logged in"),
    "bundle_several": _("bundled several cargoes"),
    "hear": _("heard of a bundle"),
    "unbundle": _("unbundled"),
}
"""Of the courses."""
PLACES: Mapping[str, str] = {
    "web": _("web"),
    "kiosk": _("kiosk"),
    "telephone": _("telephone"),
}
"""Where a course is taken."""
DONE: Mapping[str, str] = {
    "asked": _("The applicant is asked."),
    "refused": _("The application is refused."),
    "secrets": _("Closed. A new pack is to be printed."),
    "token": _("A pack with another token is to be printed."),
    "revoked": _("The token opens nothing any more."),
    "resynchronised": _("The token is in step again."),
    "unlocked": _("The lock-out is ended."),
}
"""What an officer is told when it is done."""
EVERY_SET = (STATES, PACK_STATES, KINDS, ROLES, CARRIERS, SPOKEN, DEEDS, STEPS, PLACES, DONE)
"""What is looked up by name, so that a test sees every word of it translated."""
