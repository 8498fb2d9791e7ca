"""Who is calling, as far as the signalling says: a hint, never a proof."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

LONGEST_USER_PART = 64

_ANONYMOUS = {"anonymous", "restricted", "private", "withheld", "unavailable", "unknown"}
_DIALLABLE = re.compile(r"\+?[0-9][0-9 .()\-]*")
_CONTEXT = re.compile(r";phone-context=(\+[0-9][0-9.()\-]*)", re.IGNORECASE)

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
    """

    kind: NumberKind
    e164: str | None = None
    region: str | None = None
    mobile: bool = False

    @property
    def withheld(self) -> bool:
        return self.kind is NumberKind.WITHHELD

    @property
    def mainland(self) -> bool:
        """A number of Mainland China, country code 86."""
        return self.region == "CN"


def calling_number(
    user: str | None, *, display: str = "", host: str = "", default_region: str = "HK"
) -> CallingNumber:
    """Read the caller's number from a SIP URI of From or P-Asserted-Identity.

    Takes the user part as it stands in a SIP or tel URI: escapes, visual separators and
    parameters (RFC 3966, ``phone-context`` included) are understood. Withheld numbers look as
    RFC 3323 section 4.1.1.3 writes them. Networks that leave the ``+`` out are understood as long
    as the number is valid only with it.

    Args:
        user: user part of the URI, None when there is none.
        display: display name, which alone may say "Anonymous".
        host: host part of the URI; ``anonymous.invalid`` withholds.
        default_region: where a number without country code is read.
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
    return _read(number, context.group(1) if context else "", default_region)


def _read(number: str, context: str, default_region: str) -> CallingNumber:
    readings = [number]
    if not number.startswith("+"):
        if number.startswith("00"):  # how gateways write the +; Hong Kong's own prefixes go on
            readings.insert(0, "+" + number[2:])
        if context:
            readings.insert(0, context + number)
        readings.append("+" + number)
    for reading in readings:
        parsed = _valid(reading, default_region)
        if parsed is not None:
            return CallingNumber(
                NumberKind.KNOWN,
                phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
                phonenumbers.region_code_for_number(parsed),
                phonenumbers.number_type(parsed) in _MOBILE,
            )
    return CallingNumber(NumberKind.UNPARSABLE)


def _valid(number: str, region: str) -> PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None
