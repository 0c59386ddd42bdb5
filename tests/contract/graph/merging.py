"""Merging on one graph store behind one face: places in documents, and what all rows say."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from adapters.memory.documents_rows import CHUNKS, DOCUMENTS, EVIDENCE, MENTIONS, StoredChunk, StoredPlace
from adapters.memory.graph_entities import ENTITIES, KEYS, MERGED_INTO
from adapters.memory.graph_merge_queries import InMemoryMergeQueries
from adapters.memory.graph_relationships import DELETED_WITH_END, RELATIONSHIPS
from adapters.postgres.documents_confined import vector_literal
from adapters.postgres.graph_merge_queries import PostgresMergeQueries
from application.graph.merge_entities import MergeEntities, MergeEntitiesCommand
from application.graph.merges import MergeQueries, MergeView
from application.graph.undo_merge import UndoMerge, UndoMergeCommand
from application.graph.write_bulk import WriteBulk, WriteBulkCommand
from domain.graph.entity import Entity, patched, released_keys, resolution_keys
from domain.graph.relationship import Relationship
from domain.graph.relationship import patched as patched_edge
from domain.shared.ids import ChunkId, DocumentId, EntityId, MergeId, UserId
from tests.contract.graph.stores import START, GraphStore
from tests.contract.systems import IDS, MemorySystem, PostgresSystem, principal

TABLES = {
    "entities": "backend_entities.entities",
    "relationships": "backend_entities.relationships",
    "keys": "backend_entities.entity_keys",
    "mentions": "backend_extraction.mentions",
    "evidence": "backend_extraction.evidence",
}
# They go on counting, whatever is put back.
COUNTED = "{version,updated_at,changed_by,search}"


class Ticking:
    """A clock that never tells the same time twice."""

    def __init__(self) -> None:
        self.minutes = 0

    def now(self) -> datetime:
        self.minutes += 1
        return START + timedelta(days=1, minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """A store, and the use cases over it."""

    store: GraphStore
    clock: Ticking

    async def merge(self, target: Entity, *sources: Entity, version: int | None = None) -> MergeView:
        do = MergeEntities(self.store.system.start_work, self.clock, IDS)  # type: ignore[arg-type]  # either system's
        return await do(
            MergeEntitiesCommand(
                principal=principal(target.user_id),
                target_id=target.id,
                source_ids=[source.id for source in sources],
                expected_version=version,
            )
        )

    async def undo(self, user: UserId, merge: MergeView) -> MergeView:
        do = UndoMerge(self.store.system.start_work, self.clock)  # type: ignore[arg-type]  # either system's
        return await do(UndoMergeCommand(principal=principal(user), merge_id=MergeId(merge.id)))

    async def upsert(self, user: UserId, **row: object) -> tuple[str, UUID | None]:
        """Writes an entity as one row of many; what became of it."""
        do = WriteBulk(self.store.system.start_work, self.clock, IDS)  # type: ignore[arg-type]  # either system's
        view = await do(WriteBulkCommand(principal=principal(user), rows=[row]))
        return view.rows[0].status, view.rows[0].id

    async def forget(self, document: DocumentId, *entities: Entity) -> None:
        """Deletes a document with what was found in it, and of these entities what nothing supports."""
        user, system = entities[0].user_id, self.store.system
        gone = [entity.id for entity in entities]
        if isinstance(system, MemorySystem):
            for table in (MENTIONS, EVIDENCE):
                rows = system.store.table(table)
                for key, row in list(rows.items()):
                    if isinstance(row, StoredPlace) and row.document_id == document:
                        del rows[key]
        else:
            assert isinstance(system, PostgresSystem)
            async with system.start_work(principal(user)) as work:
                await work.connection.execute(
                    "delete from backend_documents.documents where id = $1", document
                )
                await work.commit()
        async with system.start_work(principal(user)) as work:
            await work.extraction.drop_unsupported(user, gone, [])
            await work.commit()

    @property
    def queries(self) -> MergeQueries:
        system = self.store.system
        if isinstance(system, MemorySystem):
            return InMemoryMergeQueries(system.store)
        assert isinstance(system, PostgresSystem)
        return PostgresMergeQueries(system.database)

    async def edit(self, entity: Entity, patch: Mapping[str, object]) -> Entity:
        async with self.store.work(entity.user_id) as work:
            before = await work.entities.get(entity.user_id, entity.id)
            after = patched(before, patch, self.clock.now())
            lost = released_keys(before.content, after.content)
            await work.entities.save(after, resolution_keys(after.content), lost)
            await work.commit()
        return after

    async def edit_edge(self, edge: Relationship, patch: Mapping[str, object]) -> None:
        async with self.store.work(edge.user_id) as work:
            before = await work.relationships.get(edge.user_id, edge.id)
            await work.relationships.save(before, patched_edge(before, patch, self.clock.now()))
            await work.commit()

    async def cut(self, edge: Relationship) -> None:
        async with self.store.work(edge.user_id) as work:
            await work.relationships.remove(edge.user_id, edge.id, None, self.clock.now())
            await work.commit()

    async def places(self, kind: str, subject: Entity | Relationship, document: DocumentId) -> list[int]:
        """Where a subject is found in a document."""
        found = [row for row in await self._places(kind, subject.user_id) if row[1] == document]
        return sorted(start for about, _, start in found if about == subject.id)

    async def document(self, user: UserId) -> DocumentId:
        document_id = DocumentId(IDS.new())
        system = self.store.system
        if isinstance(system, PostgresSystem):
            async with system.start_work(principal(user)) as work:
                await work.connection.execute(
                    "insert into backend_documents.documents (user_id, id, title, content, content_hash, "
                    "created_at, updated_at) values ($1, $2, 'T', '', $3, now(), now())",
                    user,
                    document_id,
                    hashlib.sha256(document_id.bytes).digest(),
                )
                await work.commit()
        else:
            assert isinstance(system, MemorySystem)
            system.store.table(DOCUMENTS)[(user, document_id)] = None
        return document_id

    async def find(
        self,
        subject: Entity | Relationship,
        document: DocumentId,
        start: int = 0,
        confidence: float = 0.5,
        chunk: ChunkId | None = None,
    ) -> None:
        """Says that the document, there in a passage of it, speaks of the subject."""
        user, of_entity = subject.user_id, isinstance(subject, Entity)
        place = StoredPlace(
            user_id=user,
            id=IDS.new(),
            subject=subject.id,
            document_id=document,
            chunk_id=chunk,
            start=start,
            end=start + 5,
            text="there",
            confidence=confidence,
            extractor="builtin",
            created_at=START,
        )
        system = self.store.system
        if isinstance(system, MemorySystem):
            system.store.table(MENTIONS if of_entity else EVIDENCE)[(user, place.id)] = place
            return
        assert isinstance(system, PostgresSystem)
        table, column = ("mentions", "entity_id") if of_entity else ("evidence", "relationship_id")
        text = ("text, ", "'there', ") if of_entity else ("", "")
        async with system.start_work(principal(user)) as work:
            await work.connection.execute(
                f"insert into backend_extraction.{table} (user_id, id, {column}, document_id, start_offset, "
                f"end_offset, {text[0]}confidence, extractor, created_at, chunk_id) "
                f"values ($1, $2, $3, $4, $5, $6, {text[1]}$7, 'builtin', $8, $9)",
                user,
                place.id,
                subject.id,
                document,
                start,
                place.end,
                confidence,
                START,
                chunk,
            )
            await work.commit()

    async def passage(self, user: UserId, document: DocumentId, ordinal: int, *vector: float) -> ChunkId:
        """A passage of the document with a vector, filled up with zeros."""
        chunk, padded = ChunkId(IDS.new()), (*vector, *[0.0] * (384 - len(vector)))
        system = self.store.system
        if isinstance(system, MemorySystem):
            system.store.table(CHUNKS)[(user, chunk)] = StoredChunk(
                user_id=user,
                id=chunk,
                document_id=document,
                ordinal=ordinal,
                start=0,
                end=5,
                text="there",
                embedding=padded,
                embedder="test",
                created_at=START,
            )
            return chunk
        assert isinstance(system, PostgresSystem)
        async with system.start_work(principal(user)) as work:
            await work.connection.execute(
                "insert into backend_documents.chunks (user_id, id, document_id, ordinal, start_offset, "
                "end_offset, content, embedding, embedder, created_at) "
                "values ($1, $2, $3, $4, 0, 5, 'there', $5::text::vector, 'test', $6)",
                user,
                chunk,
                document,
                ordinal,
                vector_literal(padded),
                START,
            )
            await work.commit()
        return chunk

    async def _places(self, kind: str, user: UserId) -> Sequence[tuple[UUID, UUID, int]]:
        system = self.store.system
        if isinstance(system, MemorySystem):
            rows = system.store.table(MENTIONS if kind == "mentions" else EVIDENCE).values()
            return [(r.subject, r.document_id, r.start) for r in rows if isinstance(r, StoredPlace)]
        assert isinstance(system, PostgresSystem)
        column = "entity_id" if kind == "mentions" else "relationship_id"
        async with system.start_work(principal(user)) as work:
            found = await work.connection.fetch(
                f"select {column}, document_id, start_offset from backend_extraction.{kind}"
            )
        return [(UUID(int=row[0].int), UUID(int=row[1].int), row[2]) for row in found]

    async def rows(self, user: UserId) -> Mapping[str, Mapping[str, str]]:
        """What every row of the user's graph says, hashed, by table and key."""
        system = self.store.system
        if isinstance(system, MemorySystem):
            return _memory_rows(system)
        assert isinstance(system, PostgresSystem)
        said = {}
        async with system.start_work(principal(user)) as work:
            for name, table in TABLES.items():
                key = "type || key" if name == "keys" else "id::text"
                found = await work.connection.fetch(
                    f"select {key}, md5((to_jsonb(r) - '{COUNTED}'::text[])::text) from {table} r"
                )
                said[name] = {row[0]: row[1] for row in found}
        return said

    async def told(self, user: UserId) -> Sequence[tuple[str, UUID]]:
        """Type and subject of the events, in their order."""
        system = self.store.system
        if isinstance(system, MemorySystem):
            return [(r.event.type, r.event.subject) for r in system.store.events if r.event.user_id == user]
        assert isinstance(system, PostgresSystem)
        async with system.start_work(principal(user)) as work:
            found = await work.connection.fetch(
                "select type, subject from backend_operations.events order by sequence"
            )
        return [(row[0], UUID(int=row[1].int)) for row in found]


def _memory_rows(system: MemorySystem) -> Mapping[str, Mapping[str, str]]:
    tables = {
        "entities": ENTITIES,
        "relationships": RELATIONSHIPS,
        "keys": KEYS,
        "mentions": MENTIONS,
        "evidence": EVIDENCE,
        "merged": MERGED_INTO,
        "dormant": DELETED_WITH_END,
    }
    said = {}
    for name, table in tables.items():
        rows = system.store.table(table).items()
        said[name] = {
            str(key): repr(
                replace(row, version=0, updated_at=START) if isinstance(row, Entity | Relationship) else row
            )
            for key, row in rows
        }
    return said


def ids(*things: Entity | Relationship) -> set[EntityId | UUID]:
    return {thing.id for thing in things}
