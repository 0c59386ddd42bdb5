"""Takes snapshots of graphs: two COPYs in one transaction, decoded as they arrive."""

import struct
from array import array
from collections.abc import Callable

from adapters.postgres.engine import Database
from application.graph.analytics import GraphSnapshot, GraphSnapshots, SnapshotLimits
from application.shared.messages import Rejected
from domain.graph.analytics import AnalyticsParameters
from domain.shared.ids import UserId

# How binary COPY begins, and its rows (each value after its length); a row that has no columns ends it.
SIGNATURE = struct.Struct(">11sII")
ENTITY = struct.Struct(">6x16s")
RELATIONSHIP = struct.Struct(">6xI4xI4xd")

ENTITIES = """
select id from backend_entities.entities where user_id = $1 and is_active order by id
"""

RELATIONSHIPS = """
with places as materialized (
    select id, (row_number() over (order by id) - 1)::integer as place
    from backend_entities.entities where user_id = $1 and is_active
)
select s.place, t.place, r.confidence
from backend_entities.relationships r
join places s on s.id = r.source_entity_id
join places t on t.id = r.target_entity_id
where r.user_id = $1 and r.is_active and r.confidence >= $2 and ($3::text[] is null or r.type = any($3))
"""

COUNTS = """
select now() as taken_at,
    (select count(*) from backend_entities.entities where user_id = $1 and is_active) as entities,
    (select count(*) from backend_entities.relationships r where user_id = $1 and is_active
        and r.confidence >= $2 and ($3::text[] is null or r.type = any($3))) as relationships
"""


class Rows:
    """Feeds whole rows of a binary COPY to `take`, wherever the pieces that arrive are cut."""

    def __init__(self, row: struct.Struct, take: Callable[[memoryview], None]) -> None:
        self._row = row
        self._take = take
        self._rest = b""
        self._begun = False

    async def __call__(self, piece: bytes) -> None:
        data = self._rest + piece
        if not self._begun:
            if len(data) < SIGNATURE.size:
                self._rest = data
                return
            data, self._begun = data[SIGNATURE.size :], True
        whole = len(data) - len(data) % self._row.size
        self._take(memoryview(data)[:whole])
        self._rest = data[whole:]


class PostgresGraphSnapshots(GraphSnapshots):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, user_id: UserId, parameters: AnalyticsParameters, limits: SnapshotLimits
    ) -> GraphSnapshot:
        types = parameters.relationship_types
        chosen = (user_id, parameters.min_confidence, None if types is None else list(types))
        ids = bytearray()
        sources, targets, confidences = array("I"), array("I"), array("d")

        def add_entities(rows: memoryview) -> None:
            ids.extend(b"".join(row[0] for row in ENTITY.iter_unpack(rows)))

        def add_relationships(rows: memoryview) -> None:
            for source, target, confidence in RELATIONSHIP.iter_unpack(rows):
                sources.append(source)
                targets.append(target)
                confidences.append(confidence)

        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute("select backend_operations.act_as($1)", user_id)
            # Two hash joins over every entity: worth some memory for this one transaction.
            await connection.execute("set local work_mem = '64MB'")
            # Before the statistics know of a bulk load, a nested loop seems cheap and takes for ever.
            await connection.execute("set local enable_nestloop = off")
            [counted] = await connection.fetch(COUNTS, *chosen)
            check_size(counted["entities"], counted["relationships"], limits)
            await connection.copy_from_query(
                ENTITIES, user_id, output=Rows(ENTITY, add_entities), format="binary"
            )
            await connection.copy_from_query(
                RELATIONSHIPS, *chosen, output=Rows(RELATIONSHIP, add_relationships), format="binary"
            )
        return GraphSnapshot(
            taken_at=counted["taken_at"],
            entity_ids=bytes(ids),
            sources=sources,
            targets=targets,
            confidences=confidences,
        )


def check_size(entities: int, relationships: int, limits: SnapshotLimits) -> None:
    """Raises `Rejected` for a graph beyond the limits."""
    for number, most, what in (
        (entities, limits.entities, "entities"),
        (relationships, limits.relationships, "relationships"),
    ):
        if number > most:
            raise Rejected(f"the graph has {number:,} {what}, more than the {most:,} that are computed on")
