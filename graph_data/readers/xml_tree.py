"""A safe XML tree: expat with namespaces cut off; entity declarations are refused, nothing outside the file is
fetched."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from xml.parsers import expat

from graph_data.errors import GraphReadError
from graph_data.readers.files import to_text

MAX_DEPTH = 200


def local(name: str) -> str:
    """`{namespace}node` or `viz:node` without what is before it."""
    return name.rsplit("}", 1)[-1].rsplit(":", 1)[-1]


def parse(path: Path, data: bytes) -> ET.Element:
    """The root element, tags as local names; attributes keep theirs without a namespace.

    Raises: GraphReadError with the line for XML that is not well formed, too deep, or declares entities.
    """
    builder, parser, depth = ET.TreeBuilder(), expat.ParserCreate(namespace_separator="}"), 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise GraphReadError(path, f"elements more than {MAX_DEPTH} deep", line=parser.CurrentLineNumber)
        builder.start(local(tag), {local(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(local(tag))

    def entity(*_: Any) -> None:
        what = "the file declares XML entities, which are not expanded"
        raise GraphReadError(path, what, line=parser.CurrentLineNumber, mend="remove the <!ENTITY ...> lines")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = builder.data, entity
    try:
        _feed(parser, path, data)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        code = getattr(error, "code", None)
        what = expat.errors.messages[code] if isinstance(code, int) and code in expat.errors.messages else str(error)
        mend = "the file may be cut off" if "no element" in what or "unclosed" in what else ""
        raise GraphReadError(
            path, f"not well-formed XML: {what}", line=getattr(error, "lineno", None), mend=mend
        ) from error


def _feed(parser: Any, path: Path, data: bytes) -> None:
    """Expat knows UTF-8, UTF-16, Latin-1; anything else goes through Python's decoders."""
    try:
        parser.Parse(data, True)
    except (LookupError, ValueError, UnicodeError) as error:
        raise GraphReadError(
            path, f"the XML declaration names an encoding that is not readable here ({error})"
        ) from error


def text_of(element: ET.Element) -> str:
    """All text inside an element, tags left out."""
    return "".join(element.itertext()).strip()


def children(element: ET.Element, tag: str) -> list[ET.Element]:
    """Direct children of that tag, whatever the case of its letters."""
    return [child for child in element if child.tag.lower() == tag]


def readable(path: Path, data: bytes) -> bytes:
    """Data that expat can read as it stands, else re-coded to UTF-8 where the bytes are not what they should be."""
    try:
        data.decode("utf-8")
        return data
    except UnicodeDecodeError:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"encoding=" in data[:200]:
            return data
        return to_text(path, data).data
