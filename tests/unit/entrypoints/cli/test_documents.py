"""Reading documents out of files: what is one, what is not, and why."""

import json
from pathlib import Path

import pytest

from entrypoints.cli.documents import Draft, Failure, Unreadable, files_below, read


def drafts(path: Path) -> list[Draft]:
    found = list(read(path))
    assert all(isinstance(each, Draft) for each in found), found
    return [each for each in found if isinstance(each, Draft)]


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_text_is_named_by_its_file(tmp_path: Path) -> None:
    [draft] = drafts(file(tmp_path, "notes.txt", "\ufeffAda met Charles.\n"))
    assert draft.body() == {
        "title": "notes",
        "content": "Ada met Charles.\n",
        "media_type": "text/plain",
        "source": str(tmp_path / "notes.txt"),
        "source_type": "file",
        "metadata": {},
        "tags": [],
    }


def test_markdown_is_named_by_its_heading(tmp_path: Path) -> None:
    [headed] = drafts(file(tmp_path, "a.md", "# The engine\n\nText"))
    assert "title" not in headed.body()
    assert headed.media_type == "text/markdown"
    [bare] = drafts(file(tmp_path, "b.md", "Text without a heading"))
    assert bare.title == "b"


LINES = '{"_id": "1", "title": "One", "text": "first"}\n\n{"title": "Two", "content": "second"}\n'


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_reads_json_lines_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    one, two = drafts(file(tmp_path, name, LINES))
    assert (one.title, one.content, one.metadata) == ("One", "first", {"_id": "1"})
    assert (two.title, two.content) == ("Two", "second")
    assert two.origin.endswith("#3")


@pytest.mark.parametrize("indent", [None, 2])
def test_reads_a_json_array_on_one_line_or_many(tmp_path: Path, indent: int | None) -> None:
    rows = [{"title": "One", "text": "first"}, {"title": "Two", "text": "second"}]
    one, two = drafts(file(tmp_path, "a.json", json.dumps(rows, indent=indent)))
    assert (one.title, two.title) == ("One", "Two")


@pytest.mark.parametrize("indent", [None, 2])
def test_reads_a_single_object(tmp_path: Path, indent: int | None) -> None:
    record = {"title": "One", "text": "first", "source": "https://example.org/1", "tags": ["x"]}
    [draft] = drafts(file(tmp_path, "a.json", json.dumps(record, indent=indent)))
    assert (draft.source, draft.tags) == ("https://example.org/1", ["x"])


def test_names_records_without_a_text_beside_those_that_have_one(tmp_path: Path) -> None:
    path = file(tmp_path, "a.jsonl", '{"title": "One", "text": "first"}\n{"title": "Two"}\n{broken\n')
    one, two, three = list(read(path))
    assert isinstance(one, Draft)
    assert two == Failure(origin=f"{path}#2", reason="has no `text` or `content`")
    assert isinstance(three, Failure)
    assert three.reason.startswith("is not JSON")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("entities.json", '{"value": "Ada", "type": "Person"}\n{"value": "Bob"}\n', "holds no record"),
        ("list.json", "[1, 2, 3]", "holds no record"),
        ("empty.json", "", "is not JSON"),
        ("broken.json", '{"title": "One",\n', "is not JSON"),
        ("deep.json", "[" * 100_000, "is not JSON"),
        ("blank.txt", " \n", "is empty"),
        ("latin.txt", "caf\xe9".encode("latin-1"), "is not UTF-8"),
        ("latin.json", b'{"text": "caf\xe9"}', "is not UTF-8"),
        ("image.png", b"\x89PNG", "only .txt"),
    ],
)
def test_says_why_a_file_holds_no_document(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        list(read(file(tmp_path, name, content)))


def test_walks_folders_in_the_order_of_names_and_leaves_out_the_rest(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b/2.md", "b/LICENSE", "a.TXT", "c.jsonl", ".hidden.txt", ".git/x.txt"):
        file(tmp_path, name, "x")
    assert [str(path.relative_to(tmp_path)) for path in files_below(tmp_path)] == [
        "a.TXT",
        "b/2.md",
        "c.jsonl",
    ]
