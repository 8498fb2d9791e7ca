"""Pages from templates, in the frame that all pages of a web share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from ground.web.assets import Assets
from ground.web.catalogues import Catalogue
from ground.web.navigation import Entry
from ground.web.requests import page_of
from ground.web.words import Words

OWN = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Look:
    """How the pages of one web look.

    Args:
        name: of the web, in English; translated where it is shown.
        home: where an error page leads, and the text of that link, in English.
        without_database: what a page says that cannot be made without the database, in English.
        account_path: page of the account of who is logged in.
        root: the path below which this web is, if it is not alone at its address.
        foot: template that is put below every page of somebody who is logged in; empty: none.
        icon, styles, scripts: names of its assets, besides those of all webs.
    """

    name: str
    home: tuple[str, str]
    without_database: str
    icon: str
    account_path: str = "/me"
    root: str = ""
    foot: str = ""
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    filters: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    translating: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    """Filters whose answer is in English and is translated."""
    names: Mapping[str, Any] = field(default_factory=dict)
    """What every template may use besides what it is given."""


class Pages:
    """Makes the pages of one web. A template is looked for in `folder`, then among those of all
    webs: `base.html.j2` (the frame) and `error.html.j2`."""

    def __init__(self, folder: Path, look: Look, words: Words, assets: Assets) -> None:
        self._folder = folder
        self._look = look
        self._words = words
        self._assets = assets
        self._environments: dict[str, jinja2.Environment] = {}

    def render(
        self,
        request: web.Request,
        template: str,
        *,
        csrf: str = "",
        account: str = "",
        navigation: Iterable[Entry[Any]] = (),
        notices: Iterable[Any] = (),
        status: int = 200,
        **given: Any,
    ) -> web.Response:
        """A page, or with htmx a piece of one.

        Args:
            csrf: token of the session; empty: nobody is logged in.
            account: name of the one who is.
            navigation: the entries that they may use.
            notices: objects with `text` and `bad`, shown above the page.
            given: what the template itself needs.
        """
        language = self._words.language_of(request)
        text = (
            self._environment(language)
            .get_template(template)
            .render(
                csrf=csrf,
                account=account,
                navigation=tuple(navigation),
                notices=tuple(notices),
                language=language,
                path=request.path,
                path_qs=page_of(request),
                **given,
            )
        )
        return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)

    def _environment(self, language: str) -> jinja2.Environment:
        if language in self._environments:
            return self._environments[language]
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([self._folder, OWN]),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        words = self._words.catalogue(language)
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            words.gettext, words.ngettext, newstyle=True
        )
        environment.filters |= dict(self._look.filters)
        environment.filters |= {
            name: _translated(words, say) for name, say in self._look.translating.items()
        }
        environment.globals |= {
            "LANGUAGES": self._words.languages,
            "look": self._look,
            "asset": self._assets.address,
            **self._look.names,
        }
        self._environments[language] = environment
        return environment


def _translated(words: Catalogue, say: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: words.gettext(say(value))
