"""Every word of the frame around pages is there in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import ground.web
from ground.web.catalogues import OWN, Catalogue
from ground.web.words import Words

pytestmark = pytest.mark.unit


def test_nothing_of_the_frame_is_left_in_english() -> None:
    methods = [("templates/**.j2", "jinja2.ext:babel_extract")]
    options = {"templates/**.j2": {"newstyle": "true"}}
    folder = Path(ground.web.__file__).parent
    found = {str(message) for _, _, message, _, _ in extract_from_dir(folder, methods, options)}
    assert "Log out" in found
    translated = Catalogue("zh-Hant", (OWN,))
    assert [message for message in found if not translated.knows(message)] == []


def test_the_words_of_a_web_go_before_those_of_the_frame(tmp_path: Path) -> None:
    (tmp_path / "zh-Hant.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Log out"\nmsgstr "離開"\n',
        encoding="utf-8",
    )
    words = Words(tmp_path, cookie="x").catalogue("zh-Hant")
    assert words.gettext("Log out") == "離開"
    assert words.gettext("To the content") == "跳到內容"
    assert words.gettext("Nobody translated this") == "Nobody translated this"
