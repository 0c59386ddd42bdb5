"""What a document may hold, how it is named, and how files become text."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.documents.document import Document, DocumentDraft, DocumentLimits, new_document, title_of
from domain.documents.errors import ContentTooLarge, UnsupportedMediaType
from domain.documents.ranking import K, fused
from domain.documents.upload import media_type_of, text_of
from domain.shared.errors import InvalidInput
from domain.shared.ids import DocumentId, UserId

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def document(draft: DocumentDraft, characters: int = 100) -> Document:
    return new_document(
        draft,
        document_id=DocumentId(UUID(int=1)),
        user_id=UserId(UUID(int=2)),
        now=NOW,
        limits=DocumentLimits(characters=characters),
    )


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# A heading #\ntext", "A heading"),
        ("\n\n   first line  \nsecond", "first line"),
        ("=====\n-----\nTitle\n=====", "Title"),
        ("- item one", "item one"),
        ("#\n---\n", "Untitled"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_the_first_line_that_says_something_is_the_title(content: str, title: str) -> None:
    assert title_of(content) == title


def test_content_is_kept_to_the_character() -> None:
    kept = document(DocumentDraft(content="  a\r\n", title=" T ", tags=[" x", "x ", ""], source=""))
    assert (kept.content, kept.title, kept.tags, kept.source) == ("  a\r\n", "T", ("x",), None)


def test_every_broken_rule_is_named() -> None:
    draft = DocumentDraft(
        content=" ",
        title="t" * 501,
        media_type="text/html",
        source="s" * 2001,
        source_type="s" * 65,
        metadata={"a": float("nan")},
        tags=["t" * 65],
    )
    with pytest.raises(InvalidInput) as refused:
        document(draft)
    assert sorted(v.pointer for v in refused.value.violations) == [
        "/content",
        "/media_type",
        "/metadata",
        "/source",
        "/source_type",
        "/tags/0",
        "/title",
    ]


def test_size_is_counted_in_characters() -> None:
    document(DocumentDraft(content="ü" * 100))
    with pytest.raises(ContentTooLarge):
        document(DocumentDraft(content="ü" * 101))


@pytest.mark.parametrize(
    ("name", "declared", "kept"),
    [
        ("a.md", "text/plain", "text/markdown"),
        ("a.MARKDOWN", None, "text/markdown"),
        ("a.txt", "application/octet-stream", "text/plain"),
        ("README", "text/plain; charset=utf-8", "text/plain"),
        ("notes.log", "TEXT/X-MARKDOWN", "text/markdown"),
    ],
)
def test_takes_text_and_markdown(name: str, declared: str | None, kept: str) -> None:
    assert media_type_of(name, declared) == kept


@pytest.mark.parametrize(
    ("name", "declared"), [("a.pdf", None), ("a.txt", "text/html"), ("", ""), ("a.pdf", "application/pdf")]
)
def test_refuses_other_files(name: str, declared: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        media_type_of(name, declared)


def test_reads_unicode_by_its_byte_order_mark() -> None:
    assert text_of("ä".encode()) == "ä"
    for encoding in ("utf-8-sig", "utf-16"):
        assert text_of("ä".encode(encoding)) == "ä"
    with pytest.raises(InvalidInput, match="at byte 1"):
        text_of(b"a\xe4")


def test_what_two_lists_name_comes_before_what_one_list_names() -> None:
    scores = fused([["a", "b", "c"], ["c", "d"]])
    assert list(scores) == ["c", "a", "b", "d"]
    assert scores["c"] == 1 / (K + 3) + 1 / (K + 1)
