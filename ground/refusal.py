"""Why something that a person asked for is refused: a sentence that can be translated."""

from __future__ import annotations

from collections.abc import Callable


class Refusal(ValueError):
    """`text` is in English, with places for `values` as ``%(name)s``."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text = text
        self.values = values

    def message(self, _: Callable[[str], str]) -> str:
        """Translate by `_`. Values that are words of ours are translated too."""
        if not self.values:
            return _(self.text)
        values = {name: _(v) if isinstance(v, str) else v for name, v in self.values.items()}
        return _(self.text) % values
