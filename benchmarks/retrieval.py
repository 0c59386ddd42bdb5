"""Retrieval quality: nDCG@10 and recall@100 of text, vector and hybrid search on judged questions."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from adapters.embeddings.hashing import HashingEmbedder
from adapters.postgres.engine import Database, PoolSettings, driver_dsn
from adapters.postgres.provision import Logins
from adapters.postgres.search import PostgresSearchQueries
from adapters.system.ids import Uuid7Generator
from adapters.text.splitter import SemanticChunker
from application.documents.search import SearchQueries, SearchRequest
from benchmarks.report import Finding
from domain.shared.ids import UserId

MODES = ("text", "vector", "hybrid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Texts and questions by their numbers; `grades` of each question's documents, greater is better."""

    documents: Mapping[int, str]
    questions: Mapping[int, str]
    grades: Mapping[int, Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Means over all questions; the milliseconds are the median question's and the slow twentieth's."""

    ndcg_at_10: float
    recall_at_100: float
    median: float
    p95: float


def collection(folder: Path) -> Collection:
    """Reads `documents.jsonl`, `queries.jsonl` and `qrels.tsv` (question, document, grade)."""
    documents = [json.loads(line) for line in (folder / "documents.jsonl").read_text().splitlines()]
    questions = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    grades: dict[int, dict[int, int]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        question, document, grade = map(int, line.split("\t"))
        grades.setdefault(question, {})[document] = grade
    return Collection(
        documents={document["id"]: document["text"] for document in documents if document["text"]},
        questions={question["id"]: question["text"] for question in questions},
        grades=grades,
    )


def ndcg(found: Sequence[int], grades: Mapping[int, int], depth: int = 10) -> float:
    """The discounted gain of the first, against the best order there is."""

    def gain(ordered: Sequence[int]) -> float:
        return sum((2.0**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(ordered[:depth], 1))

    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(document, 0) for document in found]) / best if best else 0.0


async def store(logins: Logins, texts: Mapping[int, str]) -> tuple[UserId, Mapping[UUID, int]]:
    """A user with these documents, cut and embedded as ever, and the documents' numbers by their ids."""
    ids, embedder, chunker = Uuid7Generator(), HashingEmbedder(), SemanticChunker()
    user_id = UserId(ids.new())
    numbers = {ids.new(): number for number in texts}
    chunks = []
    for document_id, number in numbers.items():
        for ordinal, chunk in enumerate(chunker.split(texts[number])):
            [vector] = await embedder.embed([chunk.text])
            vector_text = "[" + ",".join(f"{x:.7g}" for x in vector) + "]"
            chunks.append(
                (
                    ids.new(),
                    document_id,
                    ordinal,
                    chunk.start,
                    chunk.end,
                    chunk.text,
                    vector_text,
                    embedder.name,
                )
            )
    connection = await asyncpg.connect(driver_dsn(logins.owner_url))
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.user_id', $1, true)", str(user_id))
            await connection.execute("select set_config('app.scope', 'authentication', true)")
            await connection.execute(
                "insert into backend_auth.users (id, email, password_hash, created_at, updated_at) "
                "values ($1, $2, 'x', now(), now())",
                user_id,
                f"{user_id}@example.org",
            )
            await connection.executemany(
                "insert into backend_documents.documents "
                "(user_id, id, title, content, content_hash, created_at, updated_at) "
                "values ($1, $2, $3, $3, sha256(uuid_send($2)), now(), now())",
                [(user_id, document_id, texts[number][:400]) for document_id, number in numbers.items()],
            )
            await connection.executemany(
                "insert into backend_documents.chunks (user_id, id, document_id, ordinal, start_offset, "
                "end_offset, content, embedding, embedder, created_at) "
                "values ($1, $2, $3, $4, $5, $6, $7, $8::text::vector, $9, now())",
                [(user_id, *chunk) for chunk in chunks],
            )
        # As autovacuum does within a minute; without it the planner takes the tables for tiny.
        await connection.execute("analyze backend_documents.documents, backend_documents.chunks")
    finally:
        await connection.close()
    return user_id, numbers


async def evaluate(
    queries: SearchQueries, user_id: UserId, numbers: Mapping[UUID, int], judged: Collection
) -> Mapping[str, Quality]:
    """The quality of each mode."""
    embedder = HashingEmbedder()
    found: dict[str, Quality] = {}
    for mode in MODES:
        gains, recalls, times = [], [], []
        for number, grades in judged.grades.items():
            [vector] = await embedder.embed([judged.questions[number]])
            started = time.perf_counter()
            findings = await queries.search(
                user_id,
                SearchRequest(
                    text=judged.questions[number],
                    by_text=mode != "vector",
                    vector=None if mode == "text" else vector,
                    embedder=embedder.name,
                    kinds=["documents"],
                    limit=100,
                ),
            )
            times.append((time.perf_counter() - started) * 1000)
            ranked = [numbers[result.id] for result in findings.results]
            gains.append(ndcg(ranked, grades))
            relevant = {document for document, grade in grades.items() if grade > 0}
            recalls.append(len(relevant.intersection(ranked)) / len(relevant) if relevant else 1.0)
        times.sort()
        found[mode] = Quality(
            ndcg_at_10=sum(gains) / len(gains),
            recall_at_100=sum(recalls) / len(recalls),
            median=times[len(times) // 2],
            p95=times[int(len(times) * 0.95)],
        )
    return found


async def measure(logins: Logins, folder: Path) -> Mapping[str, Quality]:
    """Loads a judged collection into a migrated database and asks all its questions."""
    judged = collection(folder)
    user_id, numbers = await store(logins, judged.documents)
    async with Database(logins.runtime_url, PoolSettings()) as database:
        return await evaluate(PostgresSearchQueries(database), user_id, numbers, judged)


def findings(found: Mapping[str, Quality]) -> list[Finding]:
    """Fusing must not cost what the better list alone finds."""
    parts: dict[str, float | str] = {}
    for mode, quality in found.items():
        parts[f"{mode}: nDCG@10, recall@100"] = f"{quality.ndcg_at_10:.3f}, {quality.recall_at_100:.3f}"
        parts[f"{mode}: median, p95 (ms, 100 results)"] = f"{quality.median:.1f}, {quality.p95:.1f}"
    alone = max(found["text"].ndcg_at_10, found["vector"].ndcg_at_10)
    return [
        Finding(
            target="retrieval",
            what="nDCG@10 of hybrid search against the better of its lists alone",
            figure=found["hybrid"].ndcg_at_10 / alone,
            bound=0.95,
            parts=parts,
        )
    ]
