"""Finds candidates for duplicates by blocks: what shares none is never compared."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from adapters.postgres.documents_confined import confined_sql
from adapters.postgres.engine import Database
from adapters.postgres.graph_rows import ENTITY_COLUMNS, entity_view_of
from adapters.postgres.statements import DriverConnection
from application.graph.duplicates import Candidates, DuplicateQueries
from application.shared.pages import Position
from domain.graph.duplicates import NAMES, Neighbourhood
from domain.shared.ids import DocumentId, EntityId, UserId

# A stretch of the walk; one block more can exceed it.
STRETCH = 500
PAIRS = 2_000
BLOCKS = 2_000
# What more entities than that have in common tells nothing; for a few entities more can be looked through.
BLOCK = 30
WIDE_BLOCK = 100
# For how many entities names are looked for despite typing errors.
FEW = 20
NEIGHBOURS = 500
PASSAGES = 20

_NIL = UUID(int=0)
_BEGIN = (0, _NIL, _NIL)
_ENTITIES = "backend_entities.entities"
_BLOCKS = "backend_entities.entity_blocks"


def _entity(place: str) -> str:
    return (
        f"cross join lateral (select e.id, e.name, e.aliases, e.type from {_ENTITIES} e "
        f"where e.user_id = tenant.user_id and e.id = {place} and e.is_active offset 0)"
    )


def _blocks_of(things: str) -> str:
    """The blocks of the entities that a select named `things` has."""
    names = f"cross join lateral unnest(t.name || t.aliases[1:{NAMES - 1}]) as n(name)"
    return f"""
    select found.* from (
        select array_agg(t.id) as ids, array_agg(n.name) as names from {things} t {names}
    ) as all_of
    cross join lateral backend_entities.name_blocks(all_of.ids, all_of.names) as found"""


# Along the blocks from $3, of at most $6 entities each, until $7 pairs or $8 blocks were met; of the first
# block the pairs after ($4, $5). A pair that shares an earlier block of such a size was met there.
WALK = confined_sql(f"""
    with walked as materialized (
        select b.block, array_agg(b.entity_id) as ids, count(*) as size from {_BLOCKS} b
        where b.user_id = tenant.user_id and b.block >= $3
        group by b.block having count(*) between 2 and $6 order by b.block limit $8
    ), measured as (
        select block, ids, sum(size * (size - 1) / 2) over (order by block) - size * (size - 1) / 2 as met
        from walked
    ), stretch as materialized (
        select block, ids from measured where met < $7
    ), pairs as materialized (
        select s.block, a.id as one, b.id as other from stretch s
        cross join lateral unnest(s.ids) as a(id) cross join lateral unnest(s.ids) as b(id)
        where a.id < b.id and (s.block, a.id, b.id) > ($3, $4, $5)
    ), things as materialized (
        select thing.* from (select one as id from pairs union select other from pairs) as asked
        {_entity("asked.id")} as thing
    ), owned as materialized ({_blocks_of("things")}
    ), earlier as materialized (
        select p.block, p.one, p.other, a.block as shared from pairs p
        join owned a on a.entity_id = p.one and a.block < p.block
        join owned b on b.entity_id = p.other and b.block = a.block
    ), telling as materialized (
        select e.shared from (select distinct shared from earlier) as e cross join lateral (
            select count(*) as size from (
                select from {_BLOCKS} b where b.user_id = tenant.user_id and b.block = e.shared limit $6 + 1
            ) as these
        ) as counted where counted.size <= $6
    ), chosen as (
        select p.block, p.one, p.other from pairs p
        join things a on a.id = p.one join things b on b.id = p.other
        where $2::text is null or a.type = $2 or b.type = $2
        except
        select e.block, e.one, e.other from earlier e join telling t on t.shared = e.shared
    )
    select block, one, other, false as more from chosen
    union all
    select max(s.block) + 1, '{_NIL}', '{_NIL}', true from stretch s
    having (select count(*) from walked) = $8 or (select count(*) from walked) > count(*)
    order by more, block, one, other offset 0
""")

# $3 entities, $4 how many are few; the kind of a block is what it is worth.
OF_ENTITIES = confined_sql(f"""
    with asked as materialized (
        select thing.* from unnest($3::uuid[]) as wanted(id) {_entity("wanted.id")} as thing
    ), owned as materialized ({_blocks_of("asked")}
    ), telling as materialized (
        select o.block, counted.size from (select distinct block from owned) as o cross join lateral (
            select count(*) as size from (
                select from {_BLOCKS} b where b.user_id = tenant.user_id and b.block = o.block limit $5 + 1
            ) as these
        ) as counted where counted.size between 2 and $5
    ), found as (
        select o.entity_id as mine, theirs.entity_id as its,
            (array[3, 0.7, 1, 1, 0.7])[(o.block >> 60)::int + 1] / ln(t.size + 1) as worth
        from owned o join telling t on t.block = o.block cross join lateral (
            select b.entity_id from {_BLOCKS} b
            where b.user_id = tenant.user_id and b.block = o.block and b.entity_id <> o.entity_id offset 0
        ) as theirs
        union all
        select a.id, near.entity_id, near.likeness from (select id, name from asked limit $4) as a
        cross join lateral backend_entities.similar_names(tenant.user_id, a.name, 20) as near
        where near.entity_id <> a.id and (select count(*) from asked) <= $4
    ), pairs as (
        select least(mine, its) as one, greatest(mine, its) as other, sum(worth) as promise
        from found group by 1, 2
    )
    select 0 as block, p.one, p.other, false as more from pairs p {_entity("p.one")} as a
    {_entity("p.other")} as b
    where $2::text is null or a.type = $2 or b.type = $2
    order by p.promise desc, p.one, p.other limit $6
""")

SHOWN = confined_sql(f"""
    select {ENTITY_COLUMNS} from backend_entities.entities
    where user_id = tenant.user_id and id = any($2::uuid[]) and is_active offset 0
""")


def _neighbours(entity: str) -> str:
    found = " union ".join(
        f"(select r.{far} as id from backend_entities.relationships r where r.user_id = tenant.user_id "
        f"and r.{near} = {entity} and r.is_active limit {NEIGHBOURS})"
        for near, far in (
            ("source_entity_id", "target_entity_id"),
            ("target_entity_id", "source_entity_id"),
        )
    )
    return f"select id from ({found}) as found where id <> p.one and id <> p.other"


def _related(source: str, target: str) -> str:
    return (
        "exists (select from backend_entities.relationships r where r.user_id = tenant.user_id "
        f"and r.source_entity_id = p.{source} and r.target_entity_id = p.{target} and r.is_active)"
    )


def _passages(entity: str) -> str:
    return f"""
        select c.embedder, avg(c.embedding) as vector from (
            select m.chunk_id from backend_extraction.mentions m
            where m.user_id = tenant.user_id and m.entity_id = {entity} and m.chunk_id is not null
            order by m.id limit {PASSAGES}
        ) as m cross join lateral (
            select c.embedder, c.embedding from backend_documents.chunks c
            where c.user_id = tenant.user_id and c.id = m.chunk_id offset 0
        ) as c group by c.embedder"""


AROUND = confined_sql(f"""
    select (select count(*)
            from (({_neighbours("p.one")}) intersect ({_neighbours("p.other")})) as shared_ones) as shared,
        least((select count(*) from ({_neighbours("p.one")}) as n),
              (select count(*) from ({_neighbours("p.other")}) as n)) as fewest,
        {_related("one", "other")} or {_related("other", "one")} as related,
        (select 1 - min(a.vector <=> b.vector)
            from ({_passages("p.one")}) as a join ({_passages("p.other")}) as b using (embedder)) as closeness
    from unnest($2::uuid[], $3::uuid[]) with ordinality as p(one, other, place) order by p.place offset 0
""")

MENTIONED = confined_sql("""
    select distinct entity_id from backend_extraction.mentions
    where user_id = tenant.user_id and document_id = $2 order by entity_id offset 0
""")


class PostgresDuplicateQueries(DuplicateQueries):
    """Reads on connections of its own, outside any unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def candidates(self, user_id: UserId, type_: str | None, after: Position | None) -> Candidates:
        begin = _BEGIN if after is None else _place(after)
        async with self._database.connection() as connection:
            met = await connection.fetch(WALK, user_id, type_, *begin, BLOCK, STRETCH, BLOCKS)
            return await self._shown(connection, user_id, met)

    async def candidates_of(
        self, user_id: UserId, type_: str | None, entity_ids: Sequence[EntityId]
    ) -> Candidates:
        async with self._database.connection() as connection:
            met = await connection.fetch(
                OF_ENTITIES, user_id, type_, list(entity_ids), FEW, WIDE_BLOCK, PAIRS
            )
            return await self._shown(connection, user_id, met)

    async def _shown(
        self, connection: DriverConnection, user_id: UserId, met: Sequence[Record]
    ) -> Candidates:
        """The pairs with what is known of them, and where the walk goes on."""
        ends = list({row[end] for row in met for end in ("one", "other")})
        rows = await connection.fetch(SHOWN, user_id, ends) if ends else []
        views = {row["id"]: entity_view_of(row) for row in rows}
        pairs = [
            ((views[row["one"]], views[row["other"]]), _position(row))
            for row in met
            if row["one"] in views and row["other"] in views
        ]
        return Candidates(pairs=pairs, next=next((_position(row) for row in met if row["more"]), None))

    async def around(self, user_id: UserId, pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[Neighbourhood]:
        if not pairs:
            return []
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                AROUND, user_id, [one for one, _ in pairs], [other for _, other in pairs]
            )
        return [
            Neighbourhood(
                shared=row["shared"],
                fewest=row["fewest"],
                related=row["related"],
                closeness=row["closeness"],
            )
            for row in rows
        ]

    async def mentioned_in(self, user_id: UserId, document_id: DocumentId) -> Sequence[EntityId]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(MENTIONED, user_id, document_id)
        return [EntityId(row["entity_id"]) for row in rows]


def _position(row: Record) -> Position:
    return Position(key=f"{row['block']} {row['one']}", id=row["other"])


def _place(position: Position) -> tuple[int, UUID, UUID]:
    block, _, one = str(position.key).partition(" ")
    return int(block), UUID(one), position.id
