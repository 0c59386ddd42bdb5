"""What many relationships and entities have around them in Postgres, in one statement for all of them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from adapters.postgres import json
from adapters.postgres.graph_bulk_sql import PLAIN_PLANS
from adapters.postgres.graph_schema_rows import exclusive_types, relationship_facts
from adapters.postgres.statements import DriverConnection
from application.graph.schema import RelationshipFacts
from domain.graph.relationship import Relationship
from domain.graph.schema import GraphSchema
from domain.graph.schema_rules import Surroundings, closed_ends
from domain.shared.ids import EntityId, MergeId, RelationshipId, UserId

# In one order for everybody. A statement after this one sees all that it waited for.
HOLD_TYPES = """
select backend_entities.hold_edge($1, null, null, t.name, true)
from (select name from unnest($2::text[]) as n(name) order by name offset 0) as t
"""


def _standing(what: str, places: str, where: str) -> str:
    """The places at which there is an active relationship; LIMIT keeps the look-ups look-ups in an index,
    and that by ends, whatever the statistics say."""
    return f"""
select '{what}' as what, w.one, w.other, w.type
from {places} cross join lateral (
    select from backend_entities.relationships o where o.user_id = $1 and {where}
        and o.type || '' = w.type and o.is_active and o.id <> all($9::uuid[]) limit 1
) as o
"""


# Each place is looked at once, whatever asks for it: a hub that many rows begin at is walked once.
_LEAVING = _standing(
    "leaving",
    "(select one, null::uuid as other, type from unnest($3::uuid[], $4::text[]) as w(one, type)) as w",
    "o.source_entity_id = w.one",
)
_REACHING = _standing(
    "reaching",
    "(select one, null::uuid as other, type from unnest($5::uuid[], $6::text[]) as w(one, type)) as w",
    "o.target_entity_id = w.one",
)
_BETWEEN = _standing(
    "between",
    "unnest($7::uuid[], $8::uuid[], $10::text[]) as w(one, other, type)",
    "o.source_entity_id = w.one and o.target_entity_id = w.other",
)
AROUND_ALL = f"""
select 'type' as what, e.id as one, null::uuid as other, e.type
from backend_entities.entities e where e.user_id = $1 and e.id = any($2::uuid[]) and e.is_active
union all {_LEAVING} union all {_REACHING} union all {_BETWEEN}
"""

# $4 and $5: types of entities, and the relationship types at whose source they may not be; $6 and $7 alike
# for targets.
CLOSED_TO_ALL = """
select w.id as entity_id, broken.id
from unnest($2::uuid[], $3::text[]) as w(id, type) cross join lateral (
    select r.id from backend_entities.relationships r
    where r.user_id = $1 and r.source_entity_id = w.id and r.is_active
        and r.type in (
            select c.edge from unnest($4::text[], $5::text[]) as c(type, edge) where c.type = w.type
        )
    union
    select r.id from backend_entities.relationships r
    where r.user_id = $1 and r.target_entity_id = w.id and r.is_active
        and r.type in (
            select c.edge from unnest($6::text[], $7::text[]) as c(type, edge) where c.type = w.type
        )
    order by id limit 10
) as broken
"""

# $2 to $4: types with one target to a source, with one source to a target, symmetric ones. $5 and $6: the
# types that ends may have, by the type of the relationship.
_MISPLACED = """
select r.id, r.type, r.metadata, s.type as source_type, t.type as target_type,
    x.outgoing, x.incoming, x.reverse
from backend_entities.merge_rows m
join backend_entities.relationships r on r.user_id = m.user_id and r.id = m.row_id and r.is_active
join backend_entities.entities s on s.user_id = r.user_id and s.id = r.source_entity_id
join backend_entities.entities t on t.user_id = r.user_id and t.id = r.target_entity_id
cross join lateral (
    select r.type = any($2::text[]) and (
            {source_leaves} or r.type = any($4::text[]) and {source_reached}) as outgoing,
        r.type = any($3::text[]) and (
            {target_reached} or r.type = any($4::text[]) and {target_leaves}) as incoming,
        r.type = any($4::text[]) and {mirrored} as reverse
    offset 0
) as x
where m.user_id = (select nullif(current_setting('app.user_id', true), '')::uuid) and m.merge_id = $1
    and m.kind = 'relationship' and (
        x.outgoing or x.incoming or x.reverse
        or not coalesce(($5::jsonb -> r.type) ? s.type, true)
        or not coalesce(($6::jsonb -> r.type) ? t.type, true)
    )
order by r.id limit 10
"""


def _another(where: str) -> str:
    return (
        "exists (select from backend_entities.relationships o where o.user_id = r.user_id "
        f"and o.type = r.type and o.is_active and o.id <> r.id and {where} offset 0)"
    )


MISPLACED = _MISPLACED.format(
    source_leaves=_another("o.source_entity_id = r.source_entity_id"),
    source_reached=_another("o.target_entity_id = r.source_entity_id"),
    target_reached=_another("o.target_entity_id = r.target_entity_id"),
    target_leaves=_another("o.source_entity_id = r.target_entity_id"),
    mirrored=_another("o.source_entity_id = r.target_entity_id and o.target_entity_id = r.source_entity_id"),
)

Place = tuple[UUID, str]


async def around_all(
    connection: DriverConnection,
    user_id: UserId,
    relationships: Sequence[Relationship],
    schema: GraphSchema,
    but_for: Collection[RelationshipId],
) -> Sequence[Surroundings]:
    """As `GraphSchemaRepository.around_all`: three round trips."""
    relations = schema.relations
    asked = [(r.content, relations[r.content.relationship_type]) for r in relationships]
    await connection.execute(PLAIN_PLANS)
    exclusive = {content.relationship_type for content, declared in asked if declared.is_exclusive}
    if exclusive:
        await connection.execute(HOLD_TYPES, user_id, sorted(exclusive))
    leaving, reaching = set[Place](), set[Place]()
    between = set[tuple[UUID, UUID, str]]()
    for content, declared in asked:
        source, target = content.source_entity_id, content.target_entity_id
        name, both = content.relationship_type, declared.symmetric
        if declared.cardinality.one_target:
            leaving.add((source, name))
        if declared.cardinality.one_source:
            reaching.add((target, name))
        if both and declared.cardinality.one_target:  # which of the two it has is the same here
            reaching.add((source, name))
            leaving.add((target, name))
        if both:
            between.add((target, source, name))
    rows = await connection.fetch(
        AROUND_ALL,
        user_id,
        list({end for content, _ in asked for end in (content.source_entity_id, content.target_entity_id)}),
        *_columns(leaving, 2),
        *_columns(reaching, 2),
        *_columns(between, 3)[:2],
        list(but_for),
        _columns(between, 3)[2],
    )
    found = {(row["what"], row["one"], row["other"], row["type"]) for row in rows}
    types = {row["one"]: row["type"] for row in rows if row["what"] == "type"}
    around = []
    for content, declared in asked:
        source, target = content.source_entity_id, content.target_entity_id
        name, both = content.relationship_type, declared.symmetric
        leaves, reaches = ("leaving", source, None, name), ("reaching", target, None, name)
        mirrored_leaves, mirrored_reaches = ("reaching", source, None, name), ("leaving", target, None, name)
        around.append(
            Surroundings(
                source_type=types.get(source),
                target_type=types.get(target),
                outgoing=declared.cardinality.one_target
                and (leaves in found or (both and mirrored_leaves in found)),
                incoming=declared.cardinality.one_source
                and (reaches in found or (both and mirrored_reaches in found)),
                reverse=both and ("between", target, source, name) in found,
            )
        )
    return around


async def closed_to_all(
    connection: DriverConnection, user_id: UserId, types: Mapping[EntityId, str], schema: GraphSchema
) -> Mapping[EntityId, Sequence[UUID]]:
    """As `GraphSchemaRepository.closed_to_all`: at most two round trips."""
    closed = {name: closed_ends(schema, name) for name in sorted(set(types.values()))}
    ends = {
        side: [(name, edge) for name, at in closed.items() for edge in at[side]]
        for side in ("source", "target")
    }
    if not any(ends.values()):
        return {}
    await connection.execute(PLAIN_PLANS)
    rows = await connection.fetch(
        CLOSED_TO_ALL,
        user_id,
        list(types),
        list(types.values()),
        *_columns(ends["source"], 2),
        *_columns(ends["target"], 2),
    )
    found: dict[EntityId, list[UUID]] = {}
    for row in rows:
        found.setdefault(EntityId(row["entity_id"]), []).append(row["id"])
    return found


def _columns(rows: Collection[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


async def misplaced(
    connection: DriverConnection, merge_id: MergeId, schema: GraphSchema
) -> Sequence[RelationshipFacts]:
    """As `GraphSchemaRepository.misplaced`: at most one round trip."""
    relations = schema.relations
    if not any(declared.looks_around for declared in relations.values()):
        return ()
    sources = {name: d.source_types for name, d in relations.items() if d.source_types}
    targets = {name: d.target_types for name, d in relations.items() if d.target_types}
    rows = await connection.fetch(
        MISPLACED, merge_id, *exclusive_types(schema), json.encode(sources), json.encode(targets)
    )
    return [relationship_facts(row) for row in rows]
