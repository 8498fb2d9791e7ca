"""The translations of pages, read from the files that translators edit. What works without a
request reads them too, so nothing of the web is loaded here."""

from __future__ import annotations

from collections.abc import Mapping
from gettext import NullTranslations
from pathlib import Path

LANGUAGES: Mapping[str, str] = {"en": "English", "zh-Hant": "中文"}
"""Of a web that says nothing else: BCP 47 tag, and the name of the language in itself."""

OWN = Path(__file__).with_name("translations")


class Catalogue(NullTranslations):
    """The translations of one language, read from the files that translators edit.

    Of a text that stands in several files, the last counts.
    """

    def __init__(self, language: str, folders: tuple[Path, ...]) -> None:
        super().__init__()
        # Here, not above: a service that serves no page needs none of it.
        from babel.messages.pofile import read_po

        self._texts: dict[str, str] = {}
        for folder in folders:
            path = folder / f"{language}.po"
            if not path.exists():  # English is as written
                continue
            with path.open("rb") as file:
                for message in read_po(file):
                    if isinstance(message.id, str) and message.id and message.string:
                        self._texts[message.id] = str(message.string)

    def knows(self, message: str) -> bool:
        """Whether it is translated."""
        return message in self._texts

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


class Catalogues:
    """Those of some folders, each read when it is asked for first."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        self._read: dict[str, Catalogue] = {}

    def of(self, language: str) -> Catalogue:
        """`language`: a BCP 47 tag; one that nobody has translated to is as written."""
        if language not in self._read:
            self._read[language] = Catalogue(language, self._folders)
        return self._read[language]
