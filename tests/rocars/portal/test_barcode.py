"""The barcode of a slip."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from rocars.portal.barcode import QUIET, code_128

pytestmark = pytest.mark.unit


def test_a_barcode_is_code_128() -> None:
    """Begins as its code set C does, ends as every one does, eleven modules a symbol."""
    drawn = code_128("4018834520017")
    bars = [(int(x), int(w)) for x, w in re.findall(r"M(\d+) 0h(\d+)", drawn)]
    edges = [edge for x, width in bars for edge in (x, x + width)]
    widths = [after - before for before, after in pairwise(edges)]
    assert widths[:5] == [2, 1, 1, 2, 3]
    assert widths[-7:] == [2, 3, 3, 1, 1, 1, 2]
    assert edges[-1] - edges[0] == 11 * 10 + 13
    assert f'viewBox="0 0 {edges[-1] + QUIET} 40"' in drawn
