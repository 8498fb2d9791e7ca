"""The items of one consignment in a file: their names, headings, and what is expected of each.

CSV columns, XML elements and the JSON of the API have the same names.
"""

from __future__ import annotations

from dataclasses import dataclass, field

REFERENCE = "reference"


@dataclass(frozen=True)
class Item:
    """One item.

    Args:
        name: as in `ConsignmentData`; besides, `reference`, the shipper's own.
        headings: what else may stand over its CSV column, in Traditional and Simplified Chinese.
        expected: what is expected of it, in English; pages translate it.
        needed: whether a consignment must have it.
    """

    name: str
    headings: tuple[str, str]
    expected: str
    needed: bool = True


_LINE = "1 to 120 characters on one line"
_TEXT = "1 to 500 characters"

ITEMS = (
    Item(
        REFERENCE,
        ("自訂編號", "自定编号"),
        "your own reference, at most 120 characters",
        needed=False,
    ),
    Item("direction", ("方向", "方向"), "inbound or outbound"),
    Item("packages", ("件數", "件数"), "a whole number from 1 to 1000000"),
    Item("package_description", ("包裝說明", "包装说明"), _TEXT),
    Item("articles", ("物品說明", "物品说明"), _TEXT),
    Item("consignor_name", ("發貨人名稱", "发货人名称"), _LINE),
    Item("consignor_address", ("發貨人地址", "发货人地址"), _TEXT),
    Item("consignee_name", ("收貨人名稱", "收货人名称"), _LINE),
    Item("consignee_address", ("收貨人地址", "收货人地址"), _TEXT),
    Item("expected_date", ("預計日期", "预计日期"), "a date such as 2010-05-17"),
    Item(
        "container_numbers",
        ("貨櫃號碼", "集装箱号"),
        "at most 20 numbers of letters, digits, - and /, with blanks between them",
        needed=False,
    ),
    Item(
        "licence_numbers",
        ("許可證號碼", "许可证号"),
        "at most 50 numbers of letters, digits, - and /, with blanks between them",
        needed=False,
    ),
    Item("transhipment", ("轉運", "转运"), "yes or no", needed=False),
)
BY_NAME = {item.name: item for item in ITEMS}
BY_HEADING = {heading: item for item in ITEMS for heading in (item.name, *item.headings)}


@dataclass(frozen=True)
class RowError:
    """Something in the file that is not as expected.

    Args:
        line: of the file, from 1; 0 when it is about the whole file.
        column: in CSV the number of the cell in its row, in XML that of the character in its line,
            from 1; 0 when it is about the whole line.
        item: the item it is about; empty when none.
        found: the beginning of what stands there.
        expected: in English, with `%(name)s` for each of `values`.
    """

    line: int
    column: int
    item: str
    found: str
    expected: str
    values: dict[str, str] = field(default_factory=dict)

    def message(self) -> str:
        """What was expected, in English."""
        return self.expected % self.values if self.values else self.expected


@dataclass(frozen=True)
class Cell:
    """The text of one item, and where it stands."""

    text: str
    line: int
    column: int


@dataclass(frozen=True)
class RawRow:
    """One consignment as written, not yet judged; `errors` are of its form. `kind` is the name of
    its XML element."""

    line: int
    cells: dict[str, Cell]
    errors: tuple[RowError, ...] = ()
    kind: str = ""


class FileBroken(Exception):
    """The file cannot be read further: nothing in it is lodged."""

    def __init__(self, error: RowError) -> None:
        super().__init__(error.message())
        self.error = error


FOUND_SHOWN = 40


def shortened(text: str) -> str:
    """The beginning of what was found, on one line, as far as it is shown."""
    flat = " ".join(text[: FOUND_SHOWN * 4].split())
    return flat if len(flat) <= FOUND_SHOWN else flat[: FOUND_SHOWN - 1] + "…"
