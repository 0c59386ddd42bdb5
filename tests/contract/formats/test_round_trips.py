"""What is written is read again as it was, whatever people put into their texts."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.formats.xml_text import held
from tests.contract.formats.files import ADA, BOB, FORMATS, KNOWS, content_fields, file_of, read

CHARACTERS = st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")
HARD = st.sampled_from(
    [
        '"',
        "'",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "=1+1",
        "@x",
        "-1",
        "\\",
        "\\u0041",
        "<&>",
        "]]>",
        ",",
        "\u2028",
        "\x85",
        "\ufeff",
        "{",
        "\U0001f600",
        "true",
        "null",
        "1.0",
    ]
)
TEXT = st.lists(st.one_of(HARD, st.text(CHARACTERS, max_size=5)), min_size=1, max_size=6).map("".join)
NAME = TEXT.map(lambda text: text.strip()).filter(bool)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
METADATA = st.dictionaries(TEXT, JSON, max_size=3)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_field_survives(format_: str) -> None:
    deleted = replace(KNOWS, id=BOB.id, is_active=False, relationship_type="was")
    entities, edges = read(format_, file_of(format_, [ADA, BOB], [KNOWS, deleted]))
    assert [content_fields(row, view) for row, view in zip(entities, [ADA, BOB], strict=True)] == [{}, {}]
    assert [content_fields(row, view) for row, view in zip(edges, [KNOWS, deleted], strict=True)] == [{}, {}]


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_graph_is_a_file_without_rows(format_: str) -> None:
    assert read(format_, file_of(format_, [], [])) == ([], [])


@pytest.mark.parametrize("format_", FORMATS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(texts=st.tuples(NAME, NAME, NAME, NAME), metadata=METADATA, confidence=st.floats(0, 1))
def test_any_text_survives(
    format_: str, texts: tuple[str, ...], metadata: dict[str, object], confidence: float
) -> None:
    if format_ == "graphml":  # XML cannot hold some characters: docs/formats.md says what becomes of them
        texts, metadata = tuple(held(each).strip() or "x" for each in texts), {}
    name, alias, external_id = texts[:3]
    kind = texts[3][:60].strip() or "x"
    told = {"external_id": external_id, "metadata": metadata, "confidence": confidence}
    view = replace(ADA, name=name, type=kind, aliases=(alias,), **told)  # type: ignore[arg-type]  # as named
    edge = replace(KNOWS, relationship_type=kind, **told)  # type: ignore[arg-type]  # as above
    (row,), (found,) = read(format_, file_of(format_, [view], [edge]))
    assert content_fields(row, view) == {}
    assert content_fields(found, edge) == {}


def test_the_texts_tried_are_hard_ones() -> None:
    assert unicodedata.category("\u2028") == "Zl"
