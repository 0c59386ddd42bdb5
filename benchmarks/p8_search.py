"""P8: the nearest passages and hybrid search over HTTP, one user's 10,000 passages among 100,000.

Each question is asked over HTTP, and in the same breath as bare SQL: what one would write by hand for the
same list, on a connection of its own that no policy confines, with the question's vector made beforehand.
What the system's own statement takes without HTTP is measured beside: the faster of both is the bound. The
vectors are the embedder's, of real sentences in new company; the exact answer is computed by brute force
outside the database.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
from sqlalchemy.engine import make_url

from adapters.embeddings.hashing import HashingEmbedder, embed_text
from adapters.postgres.documents_confined import vector_literal
from adapters.postgres.engine import Database, PoolSettings, driver_dsn
from adapters.postgres.search import PostgresSearchQueries
from application.documents.search import ChunkFilter, ChunkRequest, SearchRequest
from benchmarks import passages, retrieval
from benchmarks.one_connection import Api
from benchmarks.report import Finding
from benchmarks.system import System, register
from domain.shared.ids import UserId

PASSAGES = 100_000
ENTITIES = 100_000
K = 10
LIMIT = 20
WARM_UP = 10
SLOWEST = 25.0
RATIO = 1.5

NEAREST = """
    select near.*, d.title
    from (
        select c.id, c.document_id, c.ordinal, c.start_offset, c.end_offset, c.content,
            (c.embedding <=> $2::text::vector) + 0 as distance
        from backend_documents.chunks c where c.user_id = $1 order by distance limit $3
    ) as near
    join backend_documents.documents d on d.user_id = $1 and d.id = near.document_id
    order by near.distance
"""

# Any word, as the system reads a plain question: with all of them, few questions would find anything.
HYBRID = """
    with asked as materialized (
        select replace(plainto_tsquery('english', $3)::text, '&', '|')::tsquery as words,
            plainto_tsquery('simple', $3) as name, $2::text::vector as vector
    ), worded as (
        select c.id, row_number() over (order by ts_rank_cd(c.search, a.words) desc) as place
        from asked a cross join backend_documents.chunks c
        where c.user_id = $1 and c.search @@ a.words order by place limit 100
    ), near as (
        select id, row_number() over (order by distance) as place
        from (
            select c.id, (c.embedding <=> (select vector from asked)) + 0 as distance
            from backend_documents.chunks c where c.user_id = $1 order by distance limit 100
        ) as found
    ), named as (
        select e.id, row_number() over (order by ts_rank_cd(e.search, a.name) desc) as place
        from asked a cross join backend_entities.entities e
        where e.user_id = $1 and e.is_active and e.search @@ a.name order by place limit $4
    ), fused as (
        select id, sum(1.0 / (60 + place)) as score
        from (select * from worded union all select * from near union all select * from named) as lists
        group by id order by score desc limit $4
    )
    select f.id, f.score, coalesce(d.title, e.name) as title, e.type, c.document_id,
        c.start_offset, c.end_offset,
        ts_headline('english', c.content, (select words from asked), 'MaxFragments=2') as snippet
    from fused f
    left join backend_documents.chunks c on c.user_id = $1 and c.id = f.id
    left join backend_documents.documents d on d.user_id = $1 and d.id = c.document_id
    left join backend_entities.entities e on e.user_id = $1 and e.id = f.id
    order by f.score desc
"""


@dataclass(slots=True)
class Times:
    """Milliseconds of the same questions: over HTTP, as bare SQL, and of the system's own statement."""

    http: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    def findings(self, what: str) -> list[Finding]:
        parts: dict[str, float | str] = {"questions": str(len(self.http))}
        names = {"over HTTP": self.http, "bare SQL": self.bare, "the system's statement, no HTTP": self.own}
        for name, times in names.items():
            parts[f"{name}: median (ms)"] = median(times)
            parts[f"{name}: 95th percentile (ms)"] = slow_twentieth(times)
        return [
            Finding(
                target="P8",
                what=f"{what}: 95th percentile over HTTP",
                figure=slow_twentieth(self.http),
                bound=SLOWEST,
                at_most=True,
                unit="ms",
                parts=parts,
            ),
            Finding(
                target="P8",
                what=f"{what}: median over HTTP against the faster of bare SQL and the system's statement",
                figure=median(self.http) / min(median(self.bare), median(self.own)),
                bound=RATIO,
                at_most=True,
                parts={},
            ),
        ]


def slow_twentieth(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


async def timed(run: Callable[[], Awaitable[object]]) -> float:
    began = perf_counter()
    await run()
    return (perf_counter() - began) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Asks one question three ways, in turn."""

    user_id: UserId
    api: Api
    bare: "asyncpg.Connection[asyncpg.Record]"
    own: PostgresSearchQueries

    async def nearest(self, question: str, vector: Sequence[float], times: Times) -> set[UUID]:
        """The ids that the API found."""
        took, body = await asyncio.to_thread(
            self.api.ask, "/vector-chunks/search", {"query": question, "k": K}
        )
        times.http.append(took)
        literal = vector_literal(vector)
        times.bare.append(await timed(lambda: self.bare.fetch(NEAREST, self.user_id, literal, K)))
        request = ChunkRequest(
            vector=vector, embedder=HashingEmbedder().name, filters=ChunkFilter(), k=K, min_score=-1
        )
        times.own.append(await timed(lambda: self.own.nearest_chunks(self.user_id, request)))
        return {UUID(hit["id"]) for hit in json.loads(body)["data"]}

    async def hybrid(self, question: str, vector: Sequence[float], times: Times) -> int:
        """How many things the API found."""
        path = f"/search?{urlencode({'q': question, 'mode': 'hybrid', 'limit': LIMIT})}"
        took, body = await asyncio.to_thread(self.api.ask, path)
        times.http.append(took)
        literal = vector_literal(vector)
        times.bare.append(
            await timed(lambda: self.bare.fetch(HYBRID, self.user_id, literal, question, LIMIT))
        )
        request = SearchRequest(
            text=question,
            by_text=True,
            vector=vector,
            embedder=HashingEmbedder().name,
            kinds=["entities", "documents"],
            limit=LIMIT,
        )
        times.own.append(await timed(lambda: self.own.search(self.user_id, request)))
        return len(json.loads(body)["data"])


async def ask_all(
    asker: Asker, judged: retrieval.Collection, filled: passages.Filled, count: int
) -> list[Finding]:
    chance = random.Random(23)
    sentences = chance.choices(list(judged.questions.values()), k=count + WARM_UP)
    names = [name.lower() for name in chance.choices(filled.names, k=count + WARM_UP)]
    recalls = []
    found: list[Finding] = []
    kinds = {"nearest passages": sentences, "hybrid, questions": sentences, "hybrid, names": names}
    for what, asked in kinds.items():
        times = Times()
        for number, question in enumerate(asked):
            if number == WARM_UP:
                times = Times()
            vector = embed_text(question)
            if what.startswith("nearest"):
                exact = filled.nearest(vector, K)
                recalls.append(len(exact & await asker.nearest(question, vector, times)) / K)
            elif not await asker.hybrid(question, vector, times):
                raise RuntimeError(f"{question!r} found nothing")
        found += times.findings(what)
    recall = Finding(
        target="P8",
        what="nearest passages: recall@10 against brute force",
        figure=sum(recalls) / len(recalls),
        bound=0.99,
        unit="of all",
        parts={},
    )
    return [recall, *found]


async def measure(system: System, folder: Path, *, count: int = 100) -> list[Finding]:
    """With the texts and questions of a judged collection."""
    judged = retrieval.collection(folder)
    process, url = await system.serve("p8-serve")
    user_id, token = await register(url, "p8@example.org")
    filled = await passages.store(
        list(judged.documents.values()),
        UUID(user_id),
        driver_dsn(system.logins.owner_url),
        passages=PASSAGES,
        entities=ENTITIES,
    )
    # A superuser, whom no policy confines, in the system's database.
    superuser = make_url(system.admin_url).set(database=make_url(system.logins.owner_url).database)
    bare = await asyncpg.connect(driver_dsn(superuser.render_as_string(hide_password=False)))
    try:
        async with Database(system.logins.runtime_url, PoolSettings()) as database:
            asker = Asker(
                user_id=UserId(UUID(user_id)),
                api=Api(url, token),
                bare=bare,
                own=PostgresSearchQueries(database),
            )
            return await ask_all(asker, judged, filled, count)
    finally:
        await bare.close()
        process.stop()
