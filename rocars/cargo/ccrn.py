"""Customs cargo reference numbers: their form, an optional check digit, and giving out new ones."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from rocars.cargo.settings import CcrnSettings


def luhn(digits: str) -> str:
    """The Luhn check digit (ISO/IEC 7812-1 annex B) of `digits`."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iso7064_mod11_10(digits: str) -> str:
    """The check digit of the hybrid system MOD 11,10 (ISO/IEC 7064) of `digits`."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


_CHECK_DIGITS: dict[str, Callable[[str], str]] = {
    "luhn": luhn,
    "iso7064-mod11-10": iso7064_mod11_10,
}


def well_formed(ccrn: str, settings: CcrnSettings) -> bool:
    """Whether this may be a CCRN at all; only the database knows whether it is one."""
    if not re.fullmatch(settings.pattern, ccrn, re.ASCII):
        return False
    check = _CHECK_DIGITS.get(settings.check_digit)
    return check is None or (ccrn.isdecimal() and check(ccrn[:-1]) == ccrn[-1])


def draw(settings: CcrnSettings) -> str:
    """A new CCRN, drawn at random; it does not begin with 0, which callers tend to leave out."""
    check = _CHECK_DIGITS.get(settings.check_digit)
    body = random_digits(settings.length - (1 if check else 0))
    return body + check(body) if check else body


def random_digits(length: int) -> str:
    """Unpredictable digits, the first not 0."""
    return str(10 ** (length - 1) + secrets.randbelow(9 * 10 ** (length - 1)))
