"""The sheet of a secure pack: an A4 page whose lower part is torn off and closed (PDF).

Above the line: for whom it is, what to check, where they sign. Below it: user ID and secrets, which
are in no other place.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import quote

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from ground.web.words import Translate, Words
from rocars.clock import in_hong_kong
from rocars.counter.texts import _
from rocars.registry.packs import PackView, PrintedSecrets
from rocars.registry.settings import RegistrationSettings
from rocars.secrets.settings import TokenSettings

_LEFT, _RIGHT = 22 * mm, A4[0] - 22 * mm
_TOP = A4[1] - 25 * mm
_TEAR = 150 * mm
_QR = 42 * mm
_SECRET = "Courier-Bold"
_CHINESE = "STSong-Light"
"""One of Adobe's standard fonts of Chinese: the program that prints brings it, or one like it."""
_EMBEDDED = "pack"


def otpauth(printed: PrintedSecrets, issuer: str, kind: str, forms: TokenSettings) -> str:
    """The address that an authenticator reads from a QR code (Google's key URI format)."""
    secret = base64.b32encode(printed.seed).decode().rstrip("=")
    label = f"{quote(issuer)}:{quote(printed.view.user_id)}"
    moving = f"period={forms.totp_step_s}" if kind == "totp" else "counter=0"
    return (
        f"otpauth://{kind}/{label}?secret={secret}&issuer={quote(issuer)}"
        f"&algorithm=SHA1&digits={forms.digits}&{moving}"
    )


class PackSheets:
    """Draws the sheets, in English and in the language of who gets it."""

    def __init__(self, settings: RegistrationSettings, tokens: TokenSettings, words: Words) -> None:
        """Raises what the font of `pack_font` raises when it is none."""
        self._settings = settings
        self._tokens = tokens
        self._words = words
        if settings.pack_font is not None:
            pdfmetrics.registerFont(TTFont(_EMBEDDED, str(settings.pack_font)))
            self._font = _EMBEDDED
        else:
            pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
            self._font = _CHINESE

    def sheet(self, printed: PrintedSecrets) -> bytes:
        """One page. Nothing in it is named in its title or its properties."""
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=A4, pageCompression=1, invariant=1)
        canvas.setTitle("ROCARS")
        page = _Page(canvas, self._font, self._in_both(printed.view.language))
        self._upper(page, printed.view)
        self._tear_off(page, printed)
        canvas.showPage()
        canvas.save()
        return file.getvalue()

    def _in_both(self, language: str) -> Translate:
        """A text in English and, where it is another, in the language of who gets it."""
        translate = self._words.catalogue(language).gettext

        def both(text: str) -> str:
            translated = translate(text)
            return text if translated == text else f"{translated} {text}"

        return both

    def _upper(self, page: _Page, view: PackView) -> None:
        until = in_hong_kong(view.ordered_at + timedelta(days=self._settings.collect_days))
        page.at(_TOP)
        page.heading(_("Secure pack"))
        page.facts(
            (
                (_("Pack"), str(view.id)),
                (_("Name"), view.name),
                (_("Registrant"), view.company),
                (_("Registration counter"), self._counter(view)),
                (_("To be collected by"), f"{until:%Y-%m-%d}"),
            )
        )
        page.note(_("Hand it over only to the person named, who shows proof of identity."))
        page.note(_("It opens nothing until the officer notes that it was handed over."))
        page.signature(_("Received (signature and date)"))

    def _counter(self, view: PackView) -> str:
        for counter in self._settings.counters:
            if counter.code == view.counter:
                return counter.named(view.language)
        return view.counter

    def _tear_off(self, page: _Page, printed: PrintedSecrets) -> None:
        page.tear_line(_("Tear off here. Close the part below, and open it alone."))
        page.at(_TEAR - 16 * mm)
        secrets = [(_("User ID"), printed.view.user_id)]
        if printed.password:
            secrets.append((_("First password"), printed.password))
        if printed.pin:
            secrets.append((_("PIN of the telephone"), printed.pin))
        if printed.serial:
            secrets.append((_("Serial number of the token"), printed.serial))
        page.facts(secrets, secret=True)
        if printed.seed:
            page.qr(otpauth(printed, "ROCARS", self._settings.token_kind, self._tokens))
        if printed.password:
            page.note(_("The first password is good for choosing one of your own, at the portal."))
        if printed.seed:
            page.note(_("Scan the code with an authenticator app: it is your security token."))
        page.note(_("Tell nobody. Officers never ask for it. Lost: come to a counter in person."))


class _Page:
    """A place on the page that goes down with what is written."""

    def __init__(self, canvas: Canvas, font: str, say: Translate) -> None:
        self._canvas = canvas
        self._font = font
        self._say = say
        self._y = _TOP

    def at(self, y: float) -> None:
        self._y = y

    def heading(self, text: str) -> None:
        self._write(_LEFT, self._say(text), 18)
        self._y -= 14 * mm

    def facts(self, facts: Iterable[tuple[str, str]], *, secret: bool = False) -> None:
        """Names in small letters, and below each what it is."""
        for name, value in facts:
            self._write(_LEFT, self._say(name), 9)
            self._y -= 5.5 * mm
            if secret:
                self._canvas.setFont(_SECRET, 15)
                self._canvas.drawString(_LEFT, self._y, value)
            else:
                first, *more = self._lines(value, 13)
                self._write(_LEFT, first, 13)
                for line in more:
                    self._y -= 6 * mm
                    self._write(_LEFT, line, 13)
            self._y -= 8.5 * mm

    def note(self, text: str) -> None:
        """A sentence, in as many lines as it takes."""
        for line in self._lines(self._say(text), 10):
            self._write(_LEFT, line, 10)
            self._y -= 5 * mm

    def _lines(self, text: str, size: float) -> Iterable[str]:
        line = ""
        for letter in text:
            if pdfmetrics.stringWidth(line + letter, self._font, size) > _RIGHT - _LEFT:
                begin, blank, rest = line.rpartition(" ")
                whole = blank and letter.isascii()  # a word of English is not divided
                yield begin if whole else line
                line = rest if whole else ""
            line += letter
        yield line

    def signature(self, text: str) -> None:
        self._y -= 12 * mm
        self._canvas.line(_LEFT, self._y, _RIGHT, self._y)
        self._y -= 5 * mm
        self._write(_LEFT, self._say(text), 9)

    def tear_line(self, text: str) -> None:
        self._canvas.setDash(4, 4)
        self._canvas.line(0, _TEAR, A4[0], _TEAR)
        self._canvas.setDash()
        self._y = _TEAR - 6 * mm
        self._write(_LEFT, self._say(text), 9)

    def qr(self, text: str) -> None:
        """A QR code (ISO/IEC 18004) at the right, beside the secrets; what follows is below it."""
        matrix = segno.make_qr(text, error="m").matrix
        module = _QR / len(matrix)
        left, top = _RIGHT - _QR, _TEAR - 18 * mm
        for row, line in enumerate(matrix):
            for column, dark in enumerate(line):
                if dark:
                    self._canvas.rect(
                        left + column * module,
                        top - (row + 1) * module,
                        module,
                        module,
                        stroke=0,
                        fill=1,
                    )
        self._y = min(self._y, top - _QR - 6 * mm)

    def _write(self, x: float, text: str, size: float) -> None:
        self._canvas.setFont(self._font, size)
        self._canvas.drawString(x, self._y, text)
