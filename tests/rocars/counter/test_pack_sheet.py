"""The sheet of a pack: all that is needed, in both languages, and its QR code is the token."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyotp
import pytest
import reportlab
from pypdf import PdfReader

from rocars.counter.pack_sheet import PackSheets, otpauth
from rocars.counter.site import WORDS
from rocars.registry.packs import PackView, PrintedSecrets
from rocars.registry.settings import RegistrationSettings
from rocars.secrets.settings import TokenSettings
from tests.rocars.conftest import MORNING

pytestmark = pytest.mark.unit

SEED = bytes(range(20))


def printed(language: str = "zh-Hant", **changes: Any) -> PrintedSecrets:
    view = PackView(
        id=7,
        user_id="31234567",
        name="Chan Tai Man 陳大文",
        company="Kwun Tong Umbrellas 觀塘雨傘",
        counter="KWT",
        language=language,
        state="printed",
        secrets=True,
        token="soft",
        ordered_at=MORNING,
        ordered_by="mak",
        printed_at=MORNING,
        closed_at=None,
        serial="S000000001",
    )
    given: dict[str, Any] = {
        "view": view,
        "password": "abcd-efgh-jkmn-pqrs",
        "pin": "864213",
        "serial": "S000000001",
        "seed": SEED,
    }
    return PrintedSecrets(**given | changes)


def sheets(**settings: Any) -> PackSheets:
    return PackSheets(RegistrationSettings(**settings), TokenSettings(), WORDS)


def read(sheet: bytes) -> tuple[int, str]:
    """Pages and text."""
    pages = PdfReader(io.BytesIO(sheet)).pages
    return len(pages), "".join(page.extract_text() for page in pages)


def test_a_sheet_is_one_page_with_all_of_it() -> None:
    pages, text = read(sheets().sheet(printed()))
    assert pages == 1
    for words in (
        *("31234567", "abcd-efgh-jkmn-pqrs", "864213", "S000000001", "陳大文", "觀塘郵政局"),
        *("首次密碼 First password", "2010-07-16", "由此撕下"),
    ):
        assert words in text, words


def test_a_sheet_in_english_says_it_once() -> None:
    _, text = read(sheets().sheet(printed("en", pin="", seed=b"", serial="")))
    assert "Kwun Tong Post Office" in text
    assert "首次密碼" not in text
    assert "PIN" not in text
    assert "authenticator" not in text


def test_the_same_sheet_twice_is_the_same_bytes() -> None:
    """Nothing of when and where it was made is in it."""
    assert sheets().sheet(printed()) == sheets().sheet(printed())
    found = PdfReader(io.BytesIO(sheets().sheet(printed()))).metadata
    assert found is not None
    assert found.title == "ROCARS"
    assert "31234567" not in str(found)


def test_a_font_of_ones_own_is_embedded(tmp_path: Path) -> None:
    font = tmp_path / "own.ttf"
    shutil.copy(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf", font)
    sheet = sheets(pack_font=font).sheet(printed("en"))
    assert b"/FontFile2" in sheet
    assert "31234567" in read(sheet)[1]


@pytest.mark.parametrize("kind", ["totp", "hotp"])
def test_an_authenticator_reads_the_token(kind: str) -> None:
    token = pyotp.parse_uri(otpauth(printed(), "ROCARS", kind, TokenSettings()))
    assert (token.name, token.issuer, token.digits) == ("31234567", "ROCARS", 6)
    if isinstance(token, pyotp.TOTP):
        when = datetime(2010, 5, 17)
        assert token.at(when) == pyotp.TOTP("AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT").at(when)
    else:
        assert isinstance(token, pyotp.HOTP)
        assert token.at(0) == pyotp.HOTP("AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT").at(0)


def test_a_name_that_is_long_takes_another_line() -> None:
    view = replace(printed().view, company="Hong Kong and Shenzhen Umbrellas, " * 3)
    _, text = read(sheets().sheet(printed("en", view=view)))
    (at,) = [n for n, line in enumerate(text.splitlines()) if line.startswith("Hong Kong and Sh")]
    assert text.splitlines()[at + 1].startswith("and Shenzhen Umbrellas")
