"""Who is calling, as far as the signalling says: a hint, never a proof."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

LONGEST_USER_PART = 64

PLACES = ("HK", "MO", "CN")
"""Where our drivers come from, likeliest first: who drives lorries across the border."""

_ANONYMOUS = {"anonymous", "restricted", "private", "withheld", "unavailable", "unknown"}
_DIALLABLE = re.compile(r"\+?[ .()\-]*[0-9][0-9 .()\-]*")
_CONTEXT = re.compile(r";phone-context=(\+[0-9][0-9.()\-]*)", re.IGNORECASE)
_ABROAD = re.compile(r"(?:\+[ .()\-]*)?00")
"""How gateways write the +, some in front of it as well; Hong Kong's own prefixes go on."""

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class NumberKind(StrEnum):
    KNOWN = "known"  # a valid number, in E.164
    WITHHELD = "withheld"  # the caller asked not to be shown, or the network does not know
    UNPARSABLE = "unparsable"  # something is there, but no public telephone number
    ABSENT = "absent"  # nothing is there


@dataclass(frozen=True)
class CallingNumber:
    """A caller's number. What was received and is no valid number is not kept.

    Attributes:
        e164: ``+85291234567``, or None.
        region: ISO 3166 region of the number, or None.
        mobile: whether text messages can reach it, as far as the number tells.
        sure: whether its country is known, and not only likely: nobody is recognised by a guess,
            and no text message goes there.
    """

    kind: NumberKind
    e164: str | None = None
    region: str | None = None
    mobile: bool = False
    sure: bool = field(default=False, compare=False)

    @property
    def withheld(self) -> bool:
        return self.kind is NumberKind.WITHHELD


def calling_number(
    user: str | None,
    *,
    display: str = "",
    host: str = "",
    default_region: str = "HK",
    trunk_region: str | None = None,
) -> CallingNumber:
    """Read the caller's number from a SIP URI of From or P-Asserted-Identity.

    Takes the user part as it stands in a SIP or tel URI: escapes, visual separators and
    parameters (RFC 3966, ``phone-context`` included) are understood. Withheld numbers look as
    RFC 3323 section 4.1.1.3 writes them.

    A number with ``+``, ``00`` or ``phone-context`` names its country, and so does a trunk whose
    country is known (for others, the default region). Another that begins with the country code of
    a place our drivers come from is of that place. What is left is read in each of these places,
    likeliest first, and that is a guess; where nothing fits, it is no number we know.

    Args:
        user: user part of the URI, None when there is none.
        display: display name, which alone may say "Anonymous".
        host: host part of the URI; ``anonymous.invalid`` withholds.
        default_region: where a number without country code is read first, ISO 3166.
        trunk_region: the country of the trunk it came by, where that is known.
    """
    user = unquote((user or "")[: LONGEST_USER_PART * 3], errors="replace").strip()
    number, _, _ = user.partition(";")
    number = number.strip()
    if (
        number.casefold() in _ANONYMOUS
        or host.casefold().endswith("anonymous.invalid")
        or display.strip(" \t\"'").casefold() in _ANONYMOUS
    ):
        return CallingNumber(NumberKind.WITHHELD)
    if not number:
        return CallingNumber(NumberKind.ABSENT)
    if len(number) > LONGEST_USER_PART or not _DIALLABLE.fullmatch(number):
        return CallingNumber(NumberKind.UNPARSABLE)
    context = _CONTEXT.search(user)
    return _read(number, context.group(1) if context else "", default_region, trunk_region)


def _read(number: str, context: str, default: str, trunk: str | None) -> CallingNumber:
    abroad = _ABROAD.match(number)
    if abroad and (parsed := _valid("+" + number[abroad.end() :], None)) is not None:
        return _known(parsed, sure=True)
    if number.startswith("+"):
        return _known(_valid(number, None), sure=True)
    if context and (parsed := _in_context(number, context)) is not None:
        return _known(parsed, sure=True)
    sure = not context  # one that does not fit says that the country is another
    home = trunk or default
    national = _valid(number, home)
    international = _valid("+" + number, None)
    names_a_place = international is not None and _region(international) in (home, *PLACES)
    if national is not None and (_as_dialled(national, number) or not names_a_place):
        return _known(national, sure=sure)
    if names_a_place:
        return _known(international, sure=sure)
    for place in (default, *PLACES):
        elsewhere = _valid(number, place)
        if elsewhere is not None and _as_dialled(elsewhere, number):
            return _known(elsewhere, sure=False)
    return CallingNumber(NumberKind.UNPARSABLE)


def _in_context(number: str, context: str) -> PhoneNumber | None:
    """Read a number with its phone-context; some gateways name the country in both."""
    twice = phonenumbers.normalize_digits_only(number).startswith(context.lstrip("+"))
    return _valid(context + number, None) or (_valid("+" + number, None) if twice else None)


def _as_dialled(parsed: PhoneNumber, number: str) -> bool:
    """Whether people would dial it so: a mobile number, or one with the 0 of long distance.

    Numbers of the Mainland's fixed lines without it look like others with their country code.
    """
    return number.startswith("0") or phonenumbers.number_type(parsed) in _MOBILE


def _known(parsed: PhoneNumber | None, *, sure: bool) -> CallingNumber:
    if parsed is None:
        return CallingNumber(NumberKind.UNPARSABLE)
    return CallingNumber(
        NumberKind.KNOWN,
        _e164(parsed),
        _region(parsed),
        phonenumbers.number_type(parsed) in _MOBILE,
        sure,
    )


def _e164(parsed: PhoneNumber) -> str:
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _region(parsed: PhoneNumber) -> str | None:
    return phonenumbers.region_code_for_number(parsed)


def _valid(number: str, region: str | None) -> PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None
