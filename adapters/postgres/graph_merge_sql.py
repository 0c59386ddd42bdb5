"""The statements of a merge: each changes all rows of a kind, and keeps what they were."""

from adapters.postgres.event_sets import recorded
from adapters.postgres.graph_rows import ENTITY_COLUMNS

_ROWS = "backend_entities.merge_rows"

# In one order for everybody: two merges wait for each other in one direction only. Whoever adds an edge or
# a mention shares the lock on its ends, and is waited for; readers take none.
HOLD = f"""
select {ENTITY_COLUMNS} from backend_entities.entities
where user_id = $1 and id = any($2::uuid[]) and is_active order by id for no key update
"""

ADD = """
insert into backend_entities.merges
    (user_id, id, target_id, source_ids, target_before, target_after, score, dropped_aliases,
     dropped_metadata, merged_at, merged_by)
values ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $10, $11)
"""

COUNT = "update backend_entities.merges set counts = $3::jsonb where user_id = $1 and id = $2"

SAVE_TARGET = """
update backend_entities.entities
set confidence = $3, metadata = $4::jsonb, aliases = $5, updated_at = $6, version = $7
where user_id = $1 and id = $2 and is_active and version = $7 - 1
"""

CLOSE_SOURCES = f"""
with noted as (
    insert into {_ROWS} (user_id, merge_id, kind, row_id, before, after)
    select $1::uuid, $2::uuid, 'entity', e.id, jsonb_build_object('is_active', true),
        jsonb_build_object('is_active', e.id = $3)
    from unnest($4::uuid[] || $3::uuid) as e(id)
)
update backend_entities.entities
set is_active = false, merged_into = $3, deleted_at = $5, updated_at = $5, version = version + 1
where user_id = $1 and id = any($4::uuid[])
"""

_ENDS = "jsonb_build_object('source_entity_id', {s}, 'target_entity_id', {t}, 'is_active', {active})"
_COLUMNS = "r.id, r.source_entity_id as s, r.target_entity_id as t, r.type, r.confidence, r.created_at"
_AT_SOURCES = "(r.source_entity_id = any($4::uuid[]) or r.target_entity_id = any($4::uuid[]))"


def _before(active: str = "true") -> str:
    return _ENDS.format(s="s", t="t", active=active)


# `s2` and `t2` are the ends after the merge. Of those alike, target's own included, the surest goes on;
# the others, and what would be a loop, stay where they are, inactive.
PLAN_EDGES = f"""
with active as materialized (
    select {_COLUMNS} from backend_entities.relationships r
    where r.user_id = $1 and r.is_active and {_AT_SOURCES} order by r.id for no key update
), dormant as materialized (
    select {_COLUMNS} from backend_entities.relationships r
    where r.user_id = $1 and not r.is_active and r.deleted_with_end and {_AT_SOURCES}
    order by r.id for no key update
), planned as materialized (
    select found.*,
        case when s = any($4::uuid[]) then $3::uuid else s end as s2,
        case when t = any($4::uuid[]) then $3::uuid else t end as t2
    from (select *, true as is_active from active union all select *, false from dormant) as found
), moving as materialized (
    select * from planned where is_active and (s2 <> t2 or s = t)
), own as materialized (
    select {_COLUMNS} from (select distinct s2, t2, type from moving) as m
    join backend_entities.relationships r on r.user_id = $1 and r.source_entity_id = m.s2
        and r.target_entity_id = m.t2 and r.type = m.type and r.is_active
    order by r.id for no key update of r
), ranked as (
    select alike.*, row_number() over surest as place, first_value(id) over surest as heir
    from (
        select id, s, t, type, confidence, created_at, s2, t2 from moving
        union all
        select id, s, t, type, confidence, created_at, s, t from own
    ) as alike
    window surest as (partition by s2, t2, type order by confidence desc, created_at, id)
)
insert into {_ROWS} (user_id, merge_id, kind, row_id, before, after, heir_id)
select $1::uuid, $2::uuid, 'relationship', id, {_before()},
    {_ENDS.format(s="s2", t="t2", active="true")}, null
from ranked where place = 1 and (s, t) <> (s2, t2)
union all
select $1::uuid, $2::uuid, 'relationship', id, {_before()},
    {_before("false")}, heir from ranked where place > 1
union all
select $1::uuid, $2::uuid, 'relationship', id, {_before()},
    {_before("false")}, null
from planned where is_active and s2 = t2 and s <> t
union all
select $1::uuid, $2::uuid, 'relationship', id, {_before("false")},
    {_ENDS.format(s="s2", t="t2", active="false")}, null
from planned where not is_active and (s2 <> t2 or s = t)
"""

_OF_EDGES = (
    "m.user_id = $1 and m.merge_id = $2 and m.kind = 'relationship' and r.user_id = $1 and r.id = m.row_id"
)
WAS_ACTIVE = "(m.before->>'is_active')::boolean"
STAYED_ACTIVE = "(m.after->>'is_active')::boolean"
MOVED = "m.before - 'is_active' <> m.after - 'is_active'"

# First those that give way: the index knows no two alike for a moment even.
CLOSE_EDGES = f"""
update backend_entities.relationships r
set is_active = false, deleted_at = $3, updated_at = $3, version = r.version + 1
from {_ROWS} m where {_OF_EDGES} and {WAS_ACTIVE} and not {STAYED_ACTIVE}
"""

MOVE_EDGES = f"""
update backend_entities.relationships r
set source_entity_id = (m.after->>'source_entity_id')::uuid,
    target_entity_id = (m.after->>'target_entity_id')::uuid, updated_at = $3, version = r.version + 1
from {_ROWS} m where {_OF_EDGES} and {MOVED}
"""

COUNT_EDGES = f"""
select count(*) filter (where {MOVED}) as moved, count(m.heir_id) as collapsed,
    count(*) filter (where {WAS_ACTIVE} and not {STAYED_ACTIVE} and m.heir_id is null) as loops
from {_ROWS} m where m.user_id = $1 and m.merge_id = $2 and m.kind = 'relationship'
"""

TELL_EDGES = recorded(f"""
    select case when {WAS_ACTIVE} and not {STAYED_ACTIVE} then 'relationship.deleted'
        else 'relationship.updated' end as type,
        r.id as subject, backend_entities.relationship_data(r) as data, r.updated_at as occurred_at
    from {_ROWS} m join backend_entities.relationships r on r.user_id = $1 and r.id = m.row_id
    where m.user_id = $1 and m.merge_id = $6 and m.kind = 'relationship' order by r.id
""")


def _same_place(one: str, other: str) -> str:
    return " and ".join(
        f"{one}.{name} = {other}.{name}" for name in ("document_id", "start_offset", "end_offset")
    )


def plan_places(kind: str, table: str, subject: str, moving: str) -> str:
    """Of places that become one, the heir's own stays, else the surest; `moving` names subjects and heirs."""
    return f"""
with moving as materialized (
    select o as place, o.id, heirs.heir_id, row_number() over (
        partition by heirs.heir_id, o.document_id, o.start_offset, o.end_offset
        order by o.confidence desc, o.id
    ) as rank, exists (
        select from {table} own where own.user_id = $1 and own.{subject} = heirs.heir_id
            and {_same_place("own", "o")}
    ) as known
    from ({moving}) as heirs join {table} o on o.user_id = $1 and o.{subject} = heirs.id
)
insert into {_ROWS} (user_id, merge_id, kind, row_id, before, after, heir_id)
select $1::uuid, $2::uuid, '{kind}', id, to_jsonb(place),
    case when rank = 1 and not known then jsonb_build_object('{subject}', heir_id) end, heir_id
from moving
"""


def move_places(kind: str, table: str, subject: str) -> str:
    """Takes away what became one with another, and gives the rest to its heir."""
    return f"""
with dropped as (
    delete from {table} o using {_ROWS} m
    where m.user_id = $1 and m.merge_id = $2 and m.kind = '{kind}' and m.after is null
        and o.user_id = $1 and o.id = m.row_id
)
update {table} o set {subject} = m.heir_id from {_ROWS} m
where m.user_id = $1 and m.merge_id = $2 and m.kind = '{kind}' and m.after is not null
    and o.user_id = $1 and o.id = m.row_id
"""


MENTIONS = ("mention", "backend_extraction.mentions", "entity_id")
EVIDENCE = ("evidence", "backend_extraction.evidence", "relationship_id")

PLAN_MENTIONS = plan_places(*MENTIONS, "select id, $3::uuid as heir_id from unnest($4::uuid[]) as s(id)")
PLAN_EVIDENCE = plan_places(
    *EVIDENCE,
    f"select m.row_id as id, m.heir_id from {_ROWS} m "
    "where m.user_id = $1 and m.merge_id = $2 and m.kind = 'relationship' and m.heir_id is not null",
)
MOVE_MENTIONS = move_places(*MENTIONS)
MOVE_EVIDENCE = move_places(*EVIDENCE)

# The sources' keys, whatever their type, then what the target's new aliases are found by.
MOVE_KEYS = f"""
with held as materialized (
    select type, key, entity_id from backend_entities.entity_keys
    where user_id = $1 and entity_id = any($4::uuid[]) order by type, key for update
), moved as (
    update backend_entities.entity_keys k set entity_id = $3 from held
    where k.user_id = $1 and k.type = held.type and k.key = held.key
), claimed as (
    insert into backend_entities.entity_keys (user_id, type, key, entity_id)
    select $1, $5, wanted.key, $3 from unnest($6::text[]) as wanted(key) order by wanted.key
    on conflict do nothing returning type, key
)
insert into {_ROWS} (user_id, merge_id, kind, row_id, before, after)
select $1::uuid, $2::uuid, 'key', gen_random_uuid(), to_jsonb(held),
    to_jsonb(held) || jsonb_build_object('entity_id', $3::uuid)
from held
union all
select $1::uuid, $2::uuid, 'key', gen_random_uuid(), null,
    jsonb_build_object('type', type, 'key', key, 'entity_id', $3::uuid)
from claimed
"""
