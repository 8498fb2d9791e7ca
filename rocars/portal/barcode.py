"""A number as a barcode for scanners that read lines only: Code 128 (ISO/IEC 15417)."""

from __future__ import annotations

QUIET = 10
"""Modules that stay white before and after it (ISO/IEC 15417, 4.2)."""
_HEIGHT = 40


def code_128(text: str) -> str:
    """The barcode as SVG, without styles: no page of ours lets a picture bring its own."""
    from reportlab.graphics.barcode.code128 import Code128  # loaded with the first slip

    code = Code128(text)
    code.validate()
    code.encode()
    code.decompose()
    left, bars = QUIET, []
    for letter in code.decomposed:  # as many modules as its place in the alphabet, capitals black
        width = ord(letter.lower()) - ord("a") + 1
        if letter.isupper():
            bars.append(f"M{left} 0h{width}v{_HEIGHT}h-{width}z")
        left += width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + QUIET} {_HEIGHT}">'
        f'<path d="{"".join(bars)}"/></svg>'
    )
