"""The passages that searches are measured on: real sentences in new company, of ten users at once."""

import random
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy
from numpy.typing import NDArray
from pgvector.asyncpg import register_vector

from adapters.embeddings.hashing import HashingEmbedder, embed_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SENTENCES = 5  # of one passage: some 700 characters, as the chunker cuts them
PASSAGES = 5  # of one document
KINDS = ("person", "organisation", "place", "work")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_WORD = re.compile(r"[a-z]{4,}")

Vectors = NDArray[numpy.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What the measured user has: the ids of the passages, and their vectors in the same order."""

    ids: list[uuid.UUID] = field(default_factory=list)
    vectors: list[Vectors] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def nearest(self, question: Sequence[float], count: int) -> set[uuid.UUID]:
        """The exact answer, by brute force."""
        wanted = numpy.asarray(question, dtype=numpy.float32)
        order = numpy.argsort(-(numpy.stack(self.vectors) @ wanted), kind="stable")[:count]
        return {self.ids[place] for place in order}


class Writer:
    """Makes documents that are about something: the sentences of one text, and some of another."""

    def __init__(self, texts: Sequence[str], seed: int = 17) -> None:
        self._chance = random.Random(seed)
        split = [[s for s in _SENTENCE_END.split(text) if len(s) > 20] for text in texts]
        self._texts = [sentences for sentences in split if sentences]
        self._vectors: dict[str, Vectors] = {}

    def document(self) -> Sequence[tuple[str, Vectors]]:
        """The passages of one document; a passage's vector is the sum of its sentences', of length one."""
        about, beside = self._chance.choices(self._texts, k=2)
        passages = []
        for _ in range(PASSAGES):
            sentences = [*self._chance.choices(about, k=SENTENCES - 1), self._chance.choice(beside)]
            vector = numpy.sum([self._vector(sentence) for sentence in sentences], axis=0)
            passages.append((" ".join(sentences), vector / numpy.linalg.norm(vector)))
        return passages

    def name(self) -> str:
        """Two words that may stand beside each other."""
        sentence = self._chance.choice(self._chance.choice(self._texts))
        words = _WORD.findall(sentence) or ["nameless"]
        return " ".join(word.title() for word in self._chance.choices(words, k=2))

    def _vector(self, sentence: str) -> Vectors:
        if sentence not in self._vectors:
            self._vectors[sentence] = numpy.asarray(embed_text(sentence), dtype=numpy.float32)
        return self._vectors[sentence]


@dataclass(slots=True)
class _Rows:
    """The rows of each table, in the order of `COLUMNS`; users take turns, as they do in life."""

    users: Sequence[uuid.UUID]
    writer: Writer
    filled: Filled
    documents: list[tuple[object, ...]] = field(default_factory=list)
    made: int = 0

    def id(self) -> uuid.UUID:
        self.made += 1
        return uuid.UUID(int=(0x0195 << 112) | (7 << 76) | (2 << 62) | self.made)

    def chunks(self, passages: int) -> Iterator[tuple[object, ...]]:
        """Fills `documents` on the way."""
        embedder = HashingEmbedder().name
        for number in range(passages // PASSAGES):
            document_id, user_id = self.id(), self.users[number % len(self.users)]
            written = self.writer.document()
            content = "\n".join(text for text, _ in written)
            made, place = NOW + timedelta(seconds=number), 0
            digest = document_id.bytes * 2
            self.documents.append(
                (user_id, document_id, content[:80], content, digest, "processed", made, made)
            )
            for ordinal, (text, vector) in enumerate(written):
                chunk_id, end = self.id(), place + len(text)
                if user_id == self.users[0]:
                    self.filled.ids.append(chunk_id)
                    self.filled.vectors.append(vector)
                yield user_id, chunk_id, document_id, ordinal, place, end, text, vector, embedder, made
                place = end + 1

    def entities(self, count: int) -> Iterator[tuple[object, ...]]:
        for number in range(count):
            user_id, name = self.users[number % len(self.users)], self.writer.name()
            if user_id == self.users[0]:
                self.filled.names.append(name)
            yield user_id, self.id(), name, KINDS[number % len(KINDS)], 0.9, NOW, NOW


COLUMNS: Mapping[str, Sequence[str]] = {
    "backend_documents.documents": (
        *("user_id", "id", "title", "content", "content_hash", "status", "created_at", "updated_at"),
    ),
    "backend_documents.chunks": (
        *("user_id", "id", "document_id", "ordinal", "start_offset", "end_offset", "content", "embedding"),
        *("embedder", "created_at"),
    ),
    "backend_entities.entities": ("user_id", "id", "name", "type", "confidence", "created_at", "updated_at"),
}


async def store(
    texts: Sequence[str], user_id: uuid.UUID, owner_dsn: str, *, passages: int, entities: int, users: int = 10
) -> Filled:
    """Loads the passages and entities of `users` users, of whom `user_id` is one, by COPY as the owner, and
    tidies up as autovacuum would. COPY does not work where row level security applies; the owner lifts it
    for itself meanwhile.
    """
    filled = Filled()
    rows = _Rows([user_id, *(uuid.uuid4() for _ in range(users - 1))], Writer(texts), filled)
    chunks = list(rows.chunks(passages))
    everything = {
        "backend_documents.documents": rows.documents,
        "backend_documents.chunks": chunks,
        "backend_entities.entities": list(rows.entities(entities)),
    }
    connection = await asyncpg.connect(owner_dsn)
    try:
        await register_vector(connection)
        async with connection.transaction():
            await connection.execute("select set_config('app.scope', 'authentication', true)")
            for other in rows.users[1:]:
                await connection.execute("select set_config('app.user_id', $1, true)", str(other))
                await connection.execute(
                    "insert into backend_auth.users (id, email, password_hash, created_at, updated_at) "
                    "values ($1, $2, 'x', now(), now())",
                    *(other, f"{other}@example.org"),
                )
            for table in everything:
                await connection.execute(f"alter table {table} no force row level security")
            for table, records in everything.items():
                schema, name = table.split(".")
                await connection.copy_records_to_table(
                    name, schema_name=schema, columns=COLUMNS[table], records=records
                )
            for table in everything:
                await connection.execute(f"alter table {table} force row level security")
        await connection.execute(f"vacuum analyze {', '.join(everything)}")
    finally:
        await connection.close()
    return filled
