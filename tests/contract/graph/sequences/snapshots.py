"""Everything there is of one user's graph, read past all use cases, in one form for every store."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from json import dumps
from typing import TypeAlias

from adapters.memory.graph_entities import ENTITIES, KEYS
from adapters.memory.graph_relationships import DELETED_WITH_END, RELATIONSHIPS
from adapters.memory.store import MemoryStore
from adapters.postgres import json
from adapters.postgres.engine import Database
from adapters.postgres.graph_rows import ENTITY_COLUMNS, RELATIONSHIP_COLUMNS, entity_of, relationship_of
from domain.graph.entity import Entity
from domain.graph.events import entity_data, relationship_data
from domain.graph.relationship import Relationship
from domain.shared.ids import UserId
from domain.shared.json import JsonObject, rfc3339

# By id, in canonical JSON: to Python alone, true equals 1.
Rows: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One announcement."""

    type: str
    subject: str
    occurred_at: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Rows as events tell them. `followed` are the relationships deleted with an end, `keys` tell which
    entity is found under which type and key, `events` are all of them, in order."""

    entities: Rows
    relationships: Rows
    followed: frozenset[str]
    keys: Mapping[tuple[str, str], str]
    events: tuple[Event, ...]

    def rows(self) -> Rows:
        """Entities and relationships together."""
        return {**self.entities, **self.relationships}

    def without_events(self) -> "Snapshot":
        """The graph alone."""
        return replace(self, events=())

    def unlike(self, other: "Snapshot") -> Sequence[object]:
        """What differs in another one, here and there."""
        mine = {**self.rows(), **{str(key): holder for key, holder in self.keys.items()}}
        theirs = {**other.rows(), **{str(key): holder for key, holder in other.keys.items()}}
        odd = [one for one in {**mine, **theirs} if mine.get(one) != theirs.get(one)]
        return [*((one, mine.get(one), theirs.get(one)) for one in odd), self.followed ^ other.followed]


def by_subject(events: Sequence[Event]) -> Mapping[str, list[Event]]:
    """The events of each thing, in order."""
    told: dict[str, list[Event]] = {}
    for event in events:
        told.setdefault(event.subject, []).append(event)
    return told


ReadSnapshot: TypeAlias = Callable[[UserId], Awaitable[Snapshot]]


def memory_snapshots(store: MemoryStore) -> ReadSnapshot:
    """Reads dictionaries."""

    async def read(user: UserId) -> Snapshot:
        entities = [e for e in store.table(ENTITIES).values() if isinstance(e, Entity) and e.user_id == user]
        edges = [
            r
            for r in store.table(RELATIONSHIPS).values()
            if isinstance(r, Relationship) and r.user_id == user
        ]
        keys = {
            (row[1], row[2]): str(holder)
            for row, holder in store.table(KEYS).items()
            if isinstance(row, tuple) and row[0] == user
        }
        followed = {
            str(row[1]) for row in store.table(DELETED_WITH_END) if isinstance(row, tuple) and row[0] == user
        }
        return Snapshot(
            entities={str(e.id): _json(entity_data(e)) for e in entities},
            relationships={str(r.id): _json(relationship_data(r)) for r in edges},
            followed=frozenset(followed),
            keys=keys,
            events=tuple(
                Event(
                    type=recorded.event.type,
                    subject=str(recorded.event.subject),
                    occurred_at=rfc3339(recorded.event.occurred_at),
                    data=_json(recorded.event.data),
                )
                for recorded in store.events
                if recorded.event.user_id == user
            ),
        )

    return read


def postgres_snapshots(database: Database) -> ReadSnapshot:
    """Reads tables, as their user."""

    async def read(user: UserId) -> Snapshot:
        async with database.connection() as connection, connection.transaction(isolation="repeatable_read"):
            await connection.execute("select backend_operations.act_as($1)", user)
            entities = await connection.fetch(f"select {ENTITY_COLUMNS} from backend_entities.entities")
            edges = await connection.fetch(
                f"select {RELATIONSHIP_COLUMNS}, deleted_with_end from backend_entities.relationships"
            )
            keys = await connection.fetch("select type, key, entity_id from backend_entities.entity_keys")
            events = await connection.fetch(
                "select type, subject, occurred_at, data from backend_operations.events order by sequence"
            )
            odd = await connection.fetchval(ODD_ROWS)
        assert odd == 0, "a row is deleted without saying when, or says when and is not"
        return Snapshot(
            entities={str(row["id"]): _json(entity_data(entity_of(user, row))) for row in entities},
            relationships={str(r["id"]): _json(relationship_data(relationship_of(user, r))) for r in edges},
            followed=frozenset(str(row["id"]) for row in edges if row["deleted_with_end"]),
            keys={(row["type"], row["key"]): str(row["entity_id"]) for row in keys},
            events=tuple(
                Event(
                    type=row["type"],
                    subject=str(row["subject"]),
                    occurred_at=rfc3339(row["occurred_at"]),
                    data=_json(_with_fraction(json.decode(row["data"]))),
                )
                for row in events
            ),
        )

    return read


def _with_fraction(data: dict[str, object]) -> JsonObject:
    """Events made in the database spell a whole confidence as an integer: the same number to every reader."""
    confidence = data.get("confidence")
    return {**data, "confidence": float(confidence)} if isinstance(confidence, int) else data


# What is deleted says since when; it can still be changed after that, by a merge of its ends.
ODD_ROWS = """
select
    (select count(*) from backend_entities.entities
        where is_active <> (deleted_at is null) or deleted_at > updated_at)
    + (select count(*) from backend_entities.relationships
        where is_active <> (deleted_at is null) or deleted_at > updated_at)
"""


def _json(value: object) -> str:
    return dumps(json.decode(json.encode(value)), sort_keys=True, ensure_ascii=False)
