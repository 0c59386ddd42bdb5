"""Documents in files: plain text, Markdown, and JSON records with a title and a text."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TEXT_SUFFIXES: Final = {".txt": "text/plain", ".md": "text/markdown"}
JSON_SUFFIXES: Final = (".json", ".jsonl")
SUFFIXES: Final = (*TEXT_SUFFIXES, *JSON_SUFFIXES)
TITLE_LENGTH: Final = 500


class Unreadable(Exception):
    """A file, or a record of it, is no document; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One document to send; `origin` tells people where it came from."""

    origin: str
    title: str | None
    content: str
    media_type: str = "text/plain"
    source: str
    metadata: dict[str, object] = field(default_factory=dict)
    tags: Sequence[str] = ()

    def body(self) -> dict[str, object]:
        """What is posted."""
        said: dict[str, object] = {
            "content": self.content,
            "media_type": self.media_type,
            "source": self.source[:2000],
            "source_type": "file",
            "metadata": self.metadata,
            "tags": list(self.tags),
        }
        return said | ({"title": self.title} if self.title else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A document that could not be taken in, and why."""

    origin: str
    reason: str


def files_below(path: Path) -> Iterator[Path]:
    """Files that may hold documents, in the order of their names; hidden ones are left out."""
    if path.is_dir():
        for entry in sorted(path.iterdir()):
            if not entry.name.startswith(".") and (entry.is_dir() or entry.suffix.lower() in SUFFIXES):
                yield from files_below(entry)
    else:
        yield path


def read(path: Path) -> Iterator[Draft | Failure]:
    """The documents of a file, one at a time. Raises `Unreadable` when there is no document in it."""
    suffix = path.suffix.lower()
    if suffix in TEXT_SUFFIXES:
        yield text_file(path, TEXT_SUFFIXES[suffix])
    elif suffix in JSON_SUFFIXES:
        yield from json_file(path)
    else:
        raise Unreadable(f"only {' '.join(SUFFIXES)} files are read")


def text_file(path: Path, media_type: str) -> Draft:
    """A whole file as one document. Markdown names itself by its heading, a text by its file."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unreadable(str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 (byte {error.start})") from error
    if not content.strip():
        raise Unreadable("is empty")
    headed = media_type == "text/markdown" and content.lstrip().startswith("#")
    return Draft(
        origin=str(path),
        title=None if headed else path.stem[:TITLE_LENGTH],
        content=content,
        media_type=media_type,
        source=str(path),
    )


def json_file(path: Path) -> Iterator[Draft | Failure]:
    """Records of an array, of one object, or one on each line."""
    found = 0
    strays: list[Failure] = []
    for number, record in records(path):
        origin = f"{path}#{number}"
        if isinstance(record, Unreadable):
            strays.append(Failure(origin=origin, reason=str(record)))
        elif (draft := document(record, origin)) is None:
            strays.append(Failure(origin=origin, reason="has no `text` or `content`"))
        else:
            found += 1
            yield draft
    if not found:
        broken = next((stray.reason for stray in strays if "JSON" in stray.reason), None)
        raise Unreadable(broken or "holds no record with a `title` and a `text`")
    yield from strays


def records(path: Path) -> Iterator[tuple[int, object]]:
    """Numbered from 1. What is broken comes as `Unreadable`, so that the rest is still read."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline()
            if is_complete(first):
                file.seek(0)
                for number, line in enumerate(file, 1):
                    if line.strip():
                        yield number, parsed(line)
                return
            whole = parsed(first + file.read())
    except OSError as error:
        raise Unreadable(str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8") from error
    yield from enumerate(whole if isinstance(whole, list) else [whole], 1)


def is_complete(line: str) -> bool:
    """Whether a first line is a JSON object by itself, so that more may follow it."""
    return isinstance(parsed(line), dict)


def parsed(text: str) -> object:
    """The value, or the `Unreadable` that says why there is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"is not JSON ({error})")


def document(record: object, origin: str) -> Draft | None:
    """A record as a document: its text, its title, and every other simple value as metadata."""
    if not isinstance(record, dict):
        return None
    text = next((record[name] for name in ("text", "content") if isinstance(record.get(name), str)), "")
    if not text.strip():
        return None
    title, tags, metadata = record.get("title"), record.get("tags"), record.get("metadata")
    source = record.get("source") or record.get("sourceUrl") or record.get("url")
    said: dict[str, object] = {
        name: value
        for name, value in record.items()
        if name not in ("title", "text", "content", "source", "tags", "metadata")
        and value != source
        and isinstance(value, str | int | float | bool)
        and len(str(value)) <= 1000
    }
    return Draft(
        origin=origin,
        title=title.strip()[:TITLE_LENGTH] or None if isinstance(title, str) else None,
        content=text,
        source=source if isinstance(source, str) else origin,
        metadata=metadata if isinstance(metadata, dict) else said,
        tags=[tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else (),
    )
