"""Files that are broken, endless, or made to do harm are refused in words, at the place where they are."""

import json
import socket
from dataclasses import replace

import pytest

from adapters.formats.lines import LONGEST_LINE
from application.graph.imports import BrokenFile
from tests.contract.formats.files import ADA, BOB, KNOWS, file_of, rows_of

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE g [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml><graph><node id="&b;"/></graph></graphml>"""
OUTSIDE = b"""<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<graphml><graph><node id="&x;"/></graph></graphml>"""


@pytest.mark.parametrize("content", [BOMB, OUTSIDE])
def test_document_type_declarations_are_refused(content: bytes) -> None:
    with pytest.raises(BrokenFile) as refusal:
        rows_of("graphml", content)
    assert refusal.value.code == "doctype"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<graphml><graph><node id='a'></graph>", "unreadable"),
        (b"no xml at all", "unreadable"),
        (b"<graphml><graph><node id='\xff'/></graph></graphml>", "unreadable"),
        (b"<a>" * 60, "too_deep"),
        (b"<graphml><graph><node id='a'><data key='k'>" + b"x" * 2_000_000, "too_long"),
    ],
)
def test_broken_xml_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(BrokenFile) as refusal:
        rows_of("graphml", content, size=100_000)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"name,type\r\nA,person\r\n", "unreadable"),
        (b"kind,name,colour\r\n", "unreadable"),
        (b'kind,name\r\nentity,"' + b"x" * 200_000, "unreadable"),
        (b"kind,name\r\nentity,\xff\r\n", "undecodable"),
        (b"kind,name\r\nentity," + b"x" * (2 * LONGEST_LINE), "unreadable"),
    ],
)
def test_broken_csv_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(BrokenFile) as refusal:
        rows_of("csv", content, size=100_000)
    assert refusal.value.code == code


def test_cells_that_are_no_values_are_named() -> None:
    content = b"kind,name,type,confidence,metadata\r\nentity,A,person,much,{\r\nentity,A\r\n"
    first, second = rows_of("csv", content)
    assert [(each.pointer, each.code) for each in first.violations] == [
        ("/confidence", "invalid"),
        ("/metadata", "invalid"),
    ]
    assert [each.pointer for each in second.violations] == [""]


def test_no_cell_is_a_formula() -> None:
    evil = file_of("csv", [replace(ADA, name="=cmd()", external_id="+1")], [])
    assert b",'=cmd()," in evil
    assert b",'+1," in evil


@pytest.mark.parametrize("line", [b"{", b"[1]", b"1e999", b'{"a": "\\ud800"}', b"\xff", b"[" * 100_000])
def test_broken_lines_of_json_are_refused_one_by_one(line: bytes) -> None:
    good = file_of("jsonl", [ADA], [])
    rows = rows_of("jsonl", good + line + b"\n" + good, size=1000)
    assert [row.place for row in rows] == [1, 2, 3]
    assert [bool(row.violations) for row in rows] == [False, True, False]


def test_a_byte_order_mark_is_no_part_of_the_first_row() -> None:
    for format_ in ("jsonl", "csv"):
        rows = rows_of(format_, b"\xef\xbb\xbf" + file_of(format_, [ADA], []), size=2)
        assert rows[0].violations == ()
        assert rows[0].document["name"] == "Ada"


@pytest.mark.parametrize(
    "context", ["http://127.0.0.1:9/c", ["http://127.0.0.1:9/c"], {"@import": "http://127.0.0.1:9/c"}]
)
def test_nobody_is_asked_for_a_context(context: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    nested = {"@graph": [{"@id": "urn:a", "b": {"@context": context}}]}
    with pytest.raises(BrokenFile) as refusal:
        rows_of("json-ld", json.dumps(nested).encode(), size=1000)
    assert refusal.value.code == "remote_context"


@pytest.mark.parametrize("format_", ["turtle", "json-ld"])
def test_rdf_of_others_has_a_largest_size(format_: str) -> None:
    with pytest.raises(BrokenFile) as refusal:
        rows_of(format_, b" " * 9_000_000, size=1_000_000)
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize(
    ("format_", "content"), [("turtle", b"<a> <b"), ("json-ld", b"{"), ("json-ld", b"[" * 500)]
)
def test_rdf_that_is_none_is_refused(format_: str, content: bytes) -> None:
    with pytest.raises(BrokenFile):
        rows_of(format_, content, size=1000)


@pytest.mark.parametrize("format_", ["turtle", "json-ld"])
def test_a_damaged_line_in_a_file_of_ours_is_refused_alone(format_: str) -> None:
    content = file_of(format_, [ADA, BOB], [KNOWS]).split(b"\n")
    content.insert(1, b"damaged")
    rows = rows_of(format_, b"\n".join(content), size=1000)
    assert [bool(row.violations) for row in rows] == [True, False, False, False]
