"""What the database says in the end: nothing lost, nothing twice, and which graph there is."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from adapters.postgres.provision import Logins
from entrypoints.subscriptions import SUBSCRIPTIONS
from tests.servers.postgres import PostgresTestServer

# Each answers with what must not be; every one of them is empty in a sound database.
UNSOUND: Final = {
    "documents that did not end processed": """
        select title, status from backend_documents.documents where status <> 'processed'""",
    "jobs that have not ended well": """
        select id, status, total, succeeded, failed, cancelled from backend_extraction.jobs
        where status <> 'succeeded' or finished_at is null or total <> succeeded""",
    "jobs whose counts are not those of their items": """
        select j.id, j.succeeded, count(i.id) as items from backend_extraction.jobs j
        left join backend_extraction.job_items i on i.user_id = j.user_id and i.job_id = j.id
        group by j.user_id, j.id, j.total, j.succeeded
        having j.total <> count(i.id) or j.succeeded <> count(i.id) filter (where i.status = 'succeeded')""",
    "documents with another number of jobs than one": """
        select d.title, count(i.id) from backend_documents.documents d
        left join backend_extraction.job_items i on i.user_id = d.user_id and i.document_id = d.id
        group by d.user_id, d.id, d.title having count(i.id) <> 1""",
    "entities of one type and name": """
        select type, name, count(*) from backend_entities.entities
        where is_active group by user_id, type, name having count(*) > 1""",
    "entities that no key leads to": """
        select e.name from backend_entities.entities e where not exists (
            select from backend_entities.entity_keys k where k.user_id = e.user_id and k.entity_id = e.id)""",
    "extracted entities that nothing supports": """
        select e.name from backend_entities.entities e
        where not exists (select from backend_extraction.mentions m
            where m.user_id = e.user_id and m.entity_id = e.id)""",
    "mentions of one place and entity": """
        select document_id, entity_id, start_offset, count(*) from backend_extraction.mentions
        group by user_id, document_id, entity_id, start_offset, end_offset having count(*) > 1""",
    "evidence of one place and relationship": """
        select document_id, relationship_id, start_offset, count(*) from backend_extraction.evidence
        group by user_id, document_id, relationship_id, start_offset, end_offset having count(*) > 1""",
    "relationships without evidence": """
        select r.id from backend_entities.relationships r where not exists (
            select from backend_extraction.evidence e
            where e.user_id = r.user_id and e.relationship_id = r.id)""",
    "active edges of one type between the same ends": """
        select source_entity_id, target_entity_id, type, count(*) from backend_entities.relationships
        where is_active group by user_id, source_entity_id, target_entity_id, type having count(*) > 1""",
    "passages of one number": """
        select document_id, ordinal, count(*) from backend_documents.chunks
        group by user_id, document_id, ordinal having count(*) > 1""",
    "creations told of twice, or not at all": """
        select coalesce(e.subject, n.id), count(e.id) from backend_entities.entities n
        full join (select * from backend_operations.events where type = 'entity.created') e
            on e.user_id = n.user_id and e.subject = n.id
        group by 1, n.id having count(e.id) <> 1 or n.id is null""",
    "ends of documents told of twice, or not at all": """
        select d.title, count(e.id) from backend_documents.documents d
        left join backend_operations.events e
            on e.user_id = d.user_id and e.subject = d.id and e.type = 'document.processed'
        group by d.user_id, d.id, d.title having count(e.id) <> 1""",
    "messages left over": "select queue, id, failures, dead_at, error from backend_operations.messages",
}

# Seen in one moment. Whatever carries the messages, the one of an event has been handled when its queue's
# handler has said so: the transport in the database is empty then, and a broker holds repetitions at most.
IDLE: Final = """
select not exists (select from backend_documents.documents where status = 'pending')
    and not exists (
        select from backend_operations.events e, backend_operations.event_head h
        where e.position is null or e.position > h.published)
    and not exists (select from backend_operations.messages where dead_at is null)
    and not exists (
        select from backend_operations.events e
        join unnest($1::text[], $2::text[]) as s (handler, type) on s.type = e.type
        where not exists (
            select from backend_operations.inbox i
            where i.user_id = e.user_id and i.handler = s.handler and i.message_id = e.id))
"""

GAPS: Final = """
select count(*) as events, count(position) as positioned, coalesce(min(position), 1) as first,
    coalesce(max(position), 0) as last, count(distinct position) as different,
    (select published from backend_operations.event_head) as published
from backend_operations.events
"""


@dataclass(frozen=True, slots=True)
class Graph:
    """What the same documents lead to in whatever order they are read, without ids.

    `mentions` and `evidence` are places in all documents, with the types of what stands there. `entities`
    and `edges` go by name, and are those of our own documents: in real ones "Ellwood" may be read before or
    after the document that calls him Tobias Ellwood, too, and be one entity or two.
    """

    entities: frozenset[tuple[object, ...]]
    edges: frozenset[tuple[object, ...]]
    mentions: frozenset[tuple[object, ...]]
    evidence: frozenset[tuple[object, ...]]


class Ledger:
    """Reads a database as its superuser, to whom no row is hidden."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    @classmethod
    def of(cls, server: PostgresTestServer, logins: Logins) -> "Ledger":
        """The ledger of a database of this server."""
        return cls(server.database_dsn(urlsplit(logins.owner_url).path[1:]))

    async def rows(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(self._dsn)
        try:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def number(self, query: str, *arguments: object) -> int:
        """The one number a query answers with."""
        [(number,)] = await self.rows(query, *arguments)
        assert isinstance(number, int)
        return number

    async def pending(self) -> int:
        """Documents that have not ended."""
        return await self.number("select count(*) from backend_documents.documents where status = 'pending'")

    async def handled(self) -> int:
        """Messages whose effects are stored: three for each document."""
        return await self.number("select count(*) from backend_operations.inbox")

    async def is_idle(self) -> bool:
        """Whether every event has been handed over, and everything been worked on that follows from one."""
        told = [(each.queue, topic) for each in SUBSCRIPTIONS for topic in each.topics]
        [(idle,)] = await self.rows(IDLE, *map(list, zip(*told, strict=True)))
        return bool(idle)

    async def unsound(self) -> dict[str, list[tuple[object, ...]]]:
        """What must not be, each with a few examples."""
        found = {what: await self.rows(query) for what, query in UNSOUND.items()}
        return {what: rows[:5] for what, rows in found.items() if rows}

    async def has_gapless_positions(self) -> bool:
        """Whether the events bear 1, 2, ... N, each once, and all were handed over."""
        [(events, positioned, first, last, different, published)] = await self.rows(GAPS)
        return (first, last, published) == (1, events, events) and positioned == different == events

    async def graph(self) -> Graph:
        # Whether the rows were counted yet is chance: where not, the planner takes thousands for one, and
        # compares each with all others.
        await self.rows("analyze")
        return Graph(
            entities=frozenset(await self.rows(f"{NAMED} select distinct e.type, e.name {MENTIONS} {OWN}")),
            edges=frozenset(
                await self.rows(
                    f"{NAMED} select distinct a.type, a.name, r.type, b.type, b.name {EVIDENCE} {OWN}"
                )
            ),
            mentions=frozenset(
                await self.rows(
                    f"{NAMED} select d.title, m.start_offset, m.end_offset, m.text, e.type {MENTIONS}"
                )
            ),
            evidence=frozenset(
                await self.rows(
                    f"{NAMED} select d.title, v.start_offset, v.end_offset, a.type, r.type, b.type {EVIDENCE}"
                )
            ),
        )


# An entity is called by all the keys that lead to it: its name is the spelling that was read first.
NAMED: Final = """
with e as materialized (
    select n.user_id, n.id, n.type, k.name
    from backend_entities.entities n
    join (
        select user_id, entity_id, string_agg(key, ' / ' order by key) as name
        from backend_entities.entity_keys group by user_id, entity_id
    ) k on k.user_id = n.user_id and k.entity_id = n.id
    where n.is_active
)
"""
MENTIONS: Final = """
from backend_extraction.mentions m
join backend_documents.documents d on d.user_id = m.user_id and d.id = m.document_id
join e on e.user_id = m.user_id and e.id = m.entity_id
"""
EVIDENCE: Final = """
from backend_extraction.evidence v
join backend_documents.documents d on d.user_id = v.user_id and d.id = v.document_id
join backend_entities.relationships r on r.user_id = v.user_id and r.id = v.relationship_id and r.is_active
join e a on a.user_id = r.user_id and a.id = r.source_entity_id
join e b on b.user_id = r.user_id and b.id = r.target_entity_id
"""
OWN: Final = "where d.title like 'Report %'"
