"""Files of many consignments: what is read is what was written, and nothing else is."""

from __future__ import annotations

import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from rocars.cargo.batch import result_files
from rocars.cargo.batch.csv_file import LONGEST_LINE
from rocars.cargo.batch.items import ITEMS
from rocars.cargo.batch.reading import Reading, read_file
from rocars.cargo.batch.xml_file import NAMESPACE
from rocars.cargo.dates import LodgingDates
from rocars.cargo.messages import BatchLine
from rocars.cargo.settings import BatchSettings

pytestmark = pytest.mark.unit

TODAY = date(2010, 5, 17)
DATES = LodgingDates(TODAY, TODAY + timedelta(days=14))
LIMITS = BatchSettings(max_consignments=50, max_errors=100)
NAMES = [item.name for item in ITEMS]
SCHEMA = xmlschema.XMLSchema(
    str(Path(__file__).parents[3] / "docs" / "interfaces" / "consignments.xsd")
)
GOOD = {
    "reference": "PO-1",
    "direction": "outbound",
    "packages": "12",
    "package_description": "Cartons",
    "articles": "Umbrellas",
    "consignor_name": "A Ltd",
    "consignor_address": "1 Road, Hong Kong",
    "consignee_name": "B Ltd",
    "consignee_address": "2 Road, Shenzhen",
    "expected_date": "2010-05-18",
    "container_numbers": "TCLU1234567",
    "licence_numbers": "",
    "transhipment": "no",
}
TRADITIONAL = "香港九龍觀塘工業區雨傘紙箱電子零件有限公司鐵路運輸發貨深圳羅湖"
SIMPLIFIED = "深圳市罗湖区电子零件有限公司纸箱雨伞铁路运输发货广东东莞仓库"


def read(content: bytes, limits: BatchSettings = LIMITS) -> Reading:
    return read_file(io.BytesIO(content), "BR-1", DATES, limits)


def as_csv(rows: list[dict[str, str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def as_xml(rows: list[dict[str, str]], namespace: str = NAMESPACE) -> bytes:
    lots = "".join(
        "<consignment>"
        + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items() if text)
        + "</consignment>\n"
        for row in rows
    )
    return f'<consignments xmlns="{namespace}">\n{lots}</consignments>'.encode()


def places(reading: Reading) -> list[tuple[int, int, str]]:
    return [(error.line, error.column, error.item) for error in reading.errors]


def texts(alphabet: st.SearchStrategy[str], longest: int) -> st.SearchStrategy[str]:
    """No formula, and no blank at either end."""
    return st.text(alphabet, max_size=longest).map(lambda text: f"x{text}")


def consignments(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    number = st.text("ABC0189/-", max_size=34).map(lambda text: f"T{text}")
    numbers = st.lists(number, max_size=3).map(" ".join)
    return st.fixed_dictionaries(
        {
            "reference": st.one_of(st.just(""), texts(alphabet, 60)),
            "direction": st.sampled_from(("inbound", "outbound")),
            "packages": st.integers(1, 1_000_000).map(str),
            "package_description": texts(alphabet, 80),
            "articles": texts(alphabet, 80),
            "consignor_name": texts(alphabet, 60),
            "consignor_address": texts(alphabet, 80),
            "consignee_name": texts(alphabet, 60),
            "consignee_address": texts(alphabet, 80),
            "expected_date": st.integers(0, 14).map(
                lambda days: (TODAY + timedelta(days=days)).isoformat()
            ),
            "container_numbers": numbers,
            "licence_numbers": numbers,
            "transhipment": st.sampled_from(("true", "false", "")),
        }
    )


ANY_TEXT = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp", "Cf"))


def same(reading: Reading, rows: list[dict[str, str]]) -> bool:
    """Whether all of it was read, and is what was written."""
    return reading.errors == [] and [
        (
            row["reference"],
            row["direction"],
            row["packages"],
            row["package_description"],
            row["articles"],
            row["consignor_name"],
            row["consignor_address"],
            row["consignee_name"],
            row["consignee_address"],
            row["expected_date"],
            row["container_numbers"].split(),
            row["licence_numbers"].split(),
            row["transhipment"] == "true",
        )
        for row in rows
    ] == [
        (
            good.reference,
            good.data.direction,
            str(good.data.packages),
            good.data.package_description,
            good.data.articles,
            good.data.consignor_name,
            good.data.consignor_address,
            good.data.consignee_name,
            good.data.consignee_address,
            good.data.expected_date.isoformat(),
            good.data.container_numbers,
            good.data.licence_numbers,
            good.data.transhipment,
        )
        for good in reading.good
    ]


@settings(deadline=None, max_examples=25)
@given(
    rows=st.lists(consignments(ANY_TEXT), min_size=1, max_size=3),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16")),
    delimiter=st.sampled_from(",;\t"),
)
def test_what_is_written_as_csv_is_read(
    rows: list[dict[str, str]], encoding: str, delimiter: str
) -> None:
    reading = read(as_csv(rows, encoding, delimiter))
    assert same(reading, rows), reading.errors
    assert reading.format == "csv"


@settings(deadline=None, max_examples=25)
@given(rows=st.lists(consignments(ANY_TEXT), min_size=1, max_size=3))
def test_what_is_written_as_xml_is_read_and_is_after_the_schema(rows: list[dict[str, str]]) -> None:
    content = as_xml(rows)
    SCHEMA.validate(content.decode())
    assert same(read(content), rows)


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_old_encodings_are_told_apart(data: st.DataObject) -> None:
    encoding, alphabet = data.draw(
        st.sampled_from((("big5", TRADITIONAL), ("gb18030", SIMPLIFIED), ("gb18030", TRADITIONAL)))
    )
    rows = data.draw(st.lists(consignments(st.sampled_from(alphabet)), min_size=2, max_size=3))
    rows = [row | {"articles": alphabet[:12] + row["articles"]} for row in rows]
    reading = read(as_csv(rows, encoding))
    assert reading.encoding == {"big5": "big5hkscs"}.get(encoding, encoding)
    assert same(reading, rows)


@settings(deadline=None, max_examples=100)
@given(content=st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_reason(content: bytes) -> None:
    reading = read(content)
    assert reading.errors
    assert not reading.good


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 2**32), form=st.sampled_from((as_csv, as_xml)))
def test_a_spoilt_file_says_what_is_wrong_and_gives_nothing_else(seed: int, form) -> None:
    """Some bytes are changed at random."""
    chance = random.Random(seed)
    content = bytearray(form([GOOD] * 3))
    for _ in range(chance.randint(1, 5)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    reading = read(bytes(content))
    assert len(reading.good) <= 3
    assert reading.errors or len(reading.good) == reading.rows
    assert all(error.expected for error in reading.errors)
    assert all(0 <= error.line <= content.count(b"\n") + 1 for error in reading.errors)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("direction", "sideways"),
        ("direction", ""),
        ("packages", "0"),
        ("packages", "1000001"),
        ("packages", "1.5"),
        ("packages", "twelve"),
        ("package_description", ""),
        ("articles", "x" * 501),
        ("consignor_name", "x" * 121),
        ("consignee_address", ""),
        ("expected_date", "17/05/2010"),
        ("expected_date", "2010-02-30"),
        ("expected_date", "2010-05-16"),
        ("expected_date", "2010-06-01"),
        ("container_numbers", " ".join(["A1"] * 21)),
        ("container_numbers", "ABC_1"),
        ("licence_numbers", "x" * 36),
        ("transhipment", "perhaps"),
        ("reference", "x" * 121),
        ("articles", "=HYPERLINK(1)"),
        ("articles", "@SUM(A1)"),
        ("consignor_name", "+1"),
        ("consignor_name", " -2"),
        ("consignee_name", "＝cmd"),
    ],
)
def test_an_error_has_its_place(item: str, text: str) -> None:
    bad = GOOD | {item: text}
    column = NAMES.index(item) + 1
    reading = read(as_csv([GOOD, bad, GOOD]))
    assert places(reading) == [(3, column, item)]
    assert [good.line for good in reading.good] == [2, 4]

    reading = read(as_xml([GOOD, bad, GOOD]))
    ((line, _, of),) = places(reading)
    assert (line, of) == (3, item)
    assert len(reading.good) == 2


def test_figures_of_a_chinese_keyboard_are_figures() -> None:
    wide = {
        "packages": "１２",
        "expected_date": "２０１０－０５－１８",
        "container_numbers": "ＴＣＬＵ１",
    }
    (good,) = read(as_csv([GOOD | wide])).good
    assert (good.data.packages, good.data.expected_date) == (12, date(2010, 5, 18))
    assert good.data.container_numbers == ["TCLU1"]


def test_a_spreadsheet_may_say_what_stands_between() -> None:
    content = b"\xef\xbb\xbfsep=;\r\n" + as_csv([GOOD, GOOD | {"packages": "x"}], delimiter=";")
    reading = read(content)
    assert [row.line for row in reading.good] == [3]
    assert places(reading) == [(4, 3, "packages")]


def test_a_file_that_is_not_what_it_promises_is_told_so() -> None:
    big5 = as_csv([GOOD | {"articles": TRADITIONAL}], "big5")
    (error,) = read(b"\xef\xbb\xbf" + big5).errors
    assert error.line == 2
    assert error.message() == "text in UTF-8, as the first bytes of the file promise"
    assert read(big5).good


def test_all_errors_of_a_row_are_told() -> None:
    bad = GOOD | {"packages": "none", "expected_date": "soon", "consignee_name": ""}
    assert [item for *_, item in places(read(as_csv([bad])))] == [
        "packages",
        "consignee_name",
        "expected_date",
    ]


def test_the_line_is_that_where_the_row_begins() -> None:
    long = GOOD | {"consignor_address": "1 Road\nHong Kong"}
    bad = GOOD | {"packages": "0"}
    assert places(read(as_csv([long, bad]))) == [(4, NAMES.index("packages") + 1, "packages")]


def test_chinese_headings_in_another_order() -> None:
    content = as_csv([GOOD]).decode().splitlines()
    headings = [item.headings[0] for item in ITEMS]
    lines = [",".join(reversed(headings)), ",".join(reversed([f'"{v}"' for v in GOOD.values()]))]
    assert len(content) == 2
    reading = read("\r\n".join(lines).encode("big5"))
    assert same(reading, [GOOD])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a line of headings"),
        (b"\n\n", "a line of headings"),
        (b"PK\x03\x04rest", "save the spreadsheet as CSV"),
        (b"direction,colour\n", "the heading of one of the items"),
        (b"direction,direction\n", "each item once"),
        (b"direction,packages\n", "a column for each mandatory item"),
        (as_csv([]), "at least one consignment"),
        (as_csv([GOOD]).replace(b"Cartons", b'"Cartons'), "quotation marks in pairs"),
        (as_csv([GOOD]).replace(b"Cartons", b"x" * (LONGEST_LINE + 1)), "lines of at most"),
        (as_csv([GOOD]).replace(b"Cartons", b'"' + b"x\n" * 70_000 + b'"'), "131072"),
        (as_csv([GOOD] * 51), "at most 50 consignments"),
        (as_xml([GOOD] * 51), "at most 50 consignments"),
        (as_xml([GOOD], "urn:another"), "of the namespace"),
        (as_xml([GOOD])[:-5], "well-formed XML"),
        (b"<?xml version='1.0' encoding='ebcdic-cp-be'?><a/>", "UTF-8, Big5 or GB18030"),
        (b"<consignments xmlns='" + NAMESPACE.encode() + b"'/>", "at least one consignment"),
    ],
)
def test_a_file_that_cannot_be_read_gives_nothing(content: bytes, expected: str) -> None:
    reading = read(content)
    assert not reading.whole
    assert expected in reading.errors[-1].message()


@pytest.mark.parametrize(
    "document_type",
    [
        '<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
    ],
)
def test_a_document_type_is_refused(document_type: str) -> None:
    reading = read(document_type.encode() + as_xml([GOOD]))
    assert not reading.whole
    assert reading.errors[0].message() == "XML without document type"


def test_what_is_no_item_is_an_error_of_its_consignment() -> None:
    content = as_xml([GOOD, GOOD]).replace(b"<packages>", b"<colour>red</colour><packages>", 1)
    reading = read(content)
    assert len(reading.good) == 1
    assert reading.errors[0].expected == "the element of one of the items"
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate(content.decode())


def test_xml_in_an_old_encoding() -> None:
    row = GOOD | {"articles": TRADITIONAL}
    content = '<?xml version="1.0" encoding="Big5"?>' + as_xml([row]).decode()
    assert same(read(content.encode("big5")), [row])


def test_big5_or_gb18030_is_not_guessed() -> None:
    """Two bytes that are a common character in both: nobody could tell."""
    content = as_csv([GOOD | {"articles": "Cartons X"}]).replace(b"X", "啊".encode("gb18030"))
    reading = read(content)
    assert not reading.whole
    assert "not clear" in reading.errors[0].message()


def test_errors_beyond_those_kept_are_counted() -> None:
    bad = GOOD | {"packages": "0", "transhipment": "perhaps"}
    reading = read(as_csv([bad] * 5), BatchSettings(max_errors=3))
    assert (len(reading.errors), reading.unlisted) == (3, 7)


def test_files_to_download_hold_no_formula() -> None:
    content = result_files.results([BatchLine(line=2, reference="=1+1", ccrn="12")], str)
    assert content.decode("utf-8-sig").splitlines() == ["line,reference,CCRN", "2,'=1+1,12"]
    reading = read(as_csv([GOOD | {"articles": "=1+1"}]))
    (row,) = result_files.errors(reading.errors, str).decode("utf-8-sig").splitlines()[1:]
    assert row == "2,5,articles,'=1+1,text that no spreadsheet takes for a formula"
    assert result_files.template().decode("utf-8-sig").strip() == ",".join(NAMES)
