"""An XML file, consignment by consignment: after `docs/interfaces/consignments.xsd`, or in another
form of the same items.

A document type, and with it every entity, is refused (defusedxml): no file of ours has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TextIO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from rocars.cargo.batch.items import BY_NAME, Cell, FileBroken, RawRow, RowError, shortened

NAMESPACE = "urn:rocars:consignments:1"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CHUNK = 65_536
_LONGEST_TEXT = 5_000
"""Characters of one item that are kept; what is longer is wrong anyway, and is said so."""
_MOST_ERRORS = 20
"""Of one row; what is wrong beyond that is seen once those are put right."""

Name = tuple[str | None, str]


@dataclass(frozen=True)
class Form:
    """What stands where.

    Args:
        namespace: of every element.
        root: name of the outermost element.
        rows: names of the elements in it, each with the names of the items it may hold.
        attributes: those the outermost element may have.
    """

    namespace: str
    root: str
    rows: Mapping[str, Set[str]]
    attributes: Set[str] = frozenset()


CONSIGNMENTS = Form(NAMESPACE, "consignments", {"consignment": BY_NAME.keys()})


def rows(
    text: TextIO, form: Form = CONSIGNMENTS, attributes: dict[str, str] | None = None
) -> Iterator[RawRow]:
    """The consignments; `attributes` is given those of the outermost element, before the first of
    them. Raises FileBroken."""
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, 1)
    reading = _Reading(parser, form, {} if attributes is None else attributes)
    parser.setContentHandler(reading)
    try:
        while chunk := text.read(_CHUNK):
            parser.feed(chunk)
            yield from reading.taken()
        parser.close()
    except DefusedXmlException:
        raise FileBroken(
            RowError(parser.getLineNumber() or 1, 0, "", "<!DOCTYPE", "XML without document type")
        ) from None
    except SAXParseException as error:
        raise FileBroken(
            RowError(
                error.getLineNumber() or 1,
                (error.getColumnNumber() or 0) + 1,
                "",
                "",
                "well-formed XML: %(fault)s",
                {"fault": str(error.getMessage())},
            )
        ) from None
    yield from reading.taken()


class _Reading(ContentHandler):
    """What the parser has come to."""

    def __init__(self, place: Locator, form: Form, attributes: dict[str, str]) -> None:
        super().__init__()
        self._place = place
        self._form = form
        self._attributes = attributes
        self._kind = ""
        self._done: list[RawRow] = []
        self._depth = 0
        self._line = 0
        self._cells: dict[str, Cell] = {}
        self._errors: list[RowError] = []
        self._item = ""
        self._at = (0, 0)
        self._text: list[str] = []
        self._length = 0

    def taken(self) -> list[RawRow]:
        """The consignments that ended since the last time."""
        done, self._done = self._done, []
        return done

    def startElementNS(  # noqa: N802
        self, name: Name, qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        self._depth += 1
        if self._depth == 1:
            self._need(name, (self._form.root,))
        elif self._depth == 2:
            self._need(name, self._form.rows)
            self._kind = name[1]
            self._line = self._here()[0]
            self._cells = {}
            self._errors = []
        elif self._depth == 3:
            self._begin_item(name)
        else:
            self._wrong(name[1], "text, and no element, within an item")
        for space, attribute in attrs.getNames():
            if self._depth == 1 and space is None and attribute in self._form.attributes:
                self._attributes[attribute] = attrs.getValue((space, attribute))
            elif space != _XSI or self._depth > 1:
                self._wrong(attribute, "no attributes")

    def characters(self, content: str) -> None:
        if self._depth == 3:
            self._length += len(content)
            if self._length <= _LONGEST_TEXT + len(content):
                self._text.append(content)
        elif content.strip():
            self._wrong(shortened(content), "elements only")

    def endElementNS(self, name: Name, qname: str | None) -> None:  # noqa: N802
        if self._depth == 3 and self._item:
            text = "".join(self._text)[: _LONGEST_TEXT + 1].strip()
            self._cells[self._item] = Cell(text, *self._at)
        elif self._depth == 2:
            self._done.append(RawRow(self._line, self._cells, tuple(self._errors), kind=self._kind))
        self._item = ""
        self._depth -= 1

    def _begin_item(self, name: Name) -> None:
        self._item = ""
        self._text = []
        self._length = 0
        self._at = self._here()
        space, local = name
        if space != self._form.namespace or local not in self._form.rows[self._kind]:
            self._wrong(local, "the element of one of the items")
        elif local in self._cells:
            self._wrong(local, "each item once")
        else:
            self._item = local

    def _need(self, name: Name, wanted: Iterable[str]) -> None:
        if name[0] != self._form.namespace or name[1] not in wanted:
            raise FileBroken(
                RowError(
                    *self._here(),
                    "",
                    shortened(f"{{{name[0] or ''}}}{name[1]}"),
                    "the element %(element)s of the namespace %(namespace)s",
                    {"element": ", ".join(wanted), "namespace": self._form.namespace},
                )
            )

    def _wrong(self, found: str, expected: str) -> None:
        error = RowError(*self._here(), self._item, shortened(found), expected)
        if self._depth < 2:
            raise FileBroken(error)
        if len(self._errors) < _MOST_ERRORS:
            self._errors.append(error)

    def _here(self) -> tuple[int, int]:
        return self._place.getLineNumber() or 1, (self._place.getColumnNumber() or 0) + 1
