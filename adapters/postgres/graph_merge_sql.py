"""The statements of a merge: each changes all rows of a kind, and keeps what they were.

A hub has a hundred thousand edges and nobody has counted them yet: an account that has just been filled is in
no statistics, the planner takes it to have one row, and a join of two such guesses compares each row with
each. So nothing here is left to a guess. The account, the merge and the ends come as subselects, unknown to
the planner, who then reckons with an average account; rows are found one by one through a lateral select by
their key; and updates name their rows as an array. `PLANNED_FOR_ANYBODY` sees to the plans that are not ours.
"""

from adapters.postgres.event_sets import recorded
from adapters.postgres.graph_rows import ENTITY_COLUMNS

_ROWS = "backend_entities.merge_rows"
# The account and the merge, as nobody can guess them.
USER = "(select $1::uuid)"
MERGE = "(select $2::uuid)"

# All kinds, which leads the way into the primary key where rows of any kind are looked for.
KINDS = "'{entity,relationship,key,mention,evidence}'::text[]"

# Not for the account at hand: a plan for one that no statistics know looks cheaper than it is, so much that
# Postgres would go on to plan every single check of a foreign key anew, around the wrong index. Former plans
# are forgotten, they may have been made for empty tables. With memory to sort and join a hub's edges in.
PLANNED_FOR_ANYBODY = """
discard plans; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off;
set local work_mem = '64MB'
"""


# In one order for everybody: two merges wait for each other in one direction only. Whoever adds an edge or
# a mention shares the lock on its ends, and is waited for; readers take none.
HOLD = f"""
select {ENTITY_COLUMNS} from backend_entities.entities
where user_id = {USER} and id = any($2::uuid[]) and is_active order by id for no key update
"""

ADD = """
insert into backend_entities.merges
    (user_id, id, target_id, source_ids, target_before, target_after, score, dropped_aliases,
     dropped_metadata, merged_at, merged_by)
values ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $10, $11)
"""

COUNT = "update backend_entities.merges set counts = $3::jsonb where user_id = $1 and id = $2"

SAVE_TARGET = f"""
update backend_entities.entities
set confidence = $3, metadata = $4::jsonb, aliases = $5, updated_at = $6, version = $7
where user_id = {USER} and id = $2 and is_active and version = $7 - 1
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
where user_id = {USER} and id = any($4::uuid[])
"""

_ENDS = "jsonb_build_object('source_entity_id', {s}, 'target_entity_id', {t}, 'is_active', {active})"
_COLUMNS = "r.id, r.source_entity_id as s, r.target_entity_id as t, r.type, r.confidence, r.created_at"
_SOURCES = "unnest($4::uuid[]) as m(id)"


def _before(active: str = "true") -> str:
    return _ENDS.format(s="s", t="t", active=active)


def rows_of(kind: str, alias: str = "m") -> str:
    """What the merge changed of one kind."""
    return f"{alias}.user_id = {USER} and {alias}.merge_id = {MERGE} and {alias}.kind = '{kind}'"


def each(outer: str, columns: str, table: str, condition: str) -> str:
    """The rows of `outer` with those of a table that belong to each, looked up by key one after the other."""
    return f"{outer} cross join lateral (select {columns} from {table} where {condition} offset 0) as found"


def _at_sources(end: str, state: str) -> str:
    condition = f"r.user_id = {USER} and r.{end} = m.id and {state}"
    return "select found.id from " + each(_SOURCES, "r.id", "backend_entities.relationships r", condition)


def _locked(ids: str, state: str) -> str:
    """Relationships by their ids, locked in the order of these, if they are still what was looked for."""
    return f"""
    select found.* from (select id from ({ids}) as wanted order by id) as wanted cross join lateral (
        select {_COLUMNS}, r.is_active from backend_entities.relationships r
        where r.user_id = {USER} and r.id = wanted.id and {state} for no key update
    ) as found"""


_DORMANT = "not r.is_active and r.deleted_with_end"
_STILL_THERE = (
    "(r.is_active or r.deleted_with_end) "
    "and (r.source_entity_id = any($4::uuid[]) or r.target_entity_id = any($4::uuid[]))"
)
_ALL_AT_SOURCES = " union ".join(
    _at_sources(end, state)
    for end in ("source_entity_id", "target_entity_id")
    for state in ("r.is_active", _DORMANT)
)
_PARALLEL = (
    f"r.user_id = {USER} and r.source_entity_id = m.s2 and r.target_entity_id = m.t2 and r.type = m.type "
    "and r.is_active"
)
_PARALLEL_IDS = "select found.id from " + each(
    "(select distinct s2, t2, type from moving) as m", "r.id", "backend_entities.relationships r", _PARALLEL
)

# `s2` and `t2` are the ends after the merge. Of those alike, target's own included, the surest goes on;
# the others, and what would be a loop, stay where they are, inactive.
PLAN_EDGES = f"""
with planned as materialized (
    select present.*,
        case when s = any($4::uuid[]) then $3::uuid else s end as s2,
        case when t = any($4::uuid[]) then $3::uuid else t end as t2
    from ({_locked(_ALL_AT_SOURCES, _STILL_THERE)}) as present
), moving as materialized (
    select * from planned where is_active and (s2 <> t2 or s = t)
), own as materialized ({_locked(_PARALLEL_IDS, "r.is_active")}
), ranked as materialized (
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

_OF_EDGES = rows_of("relationship")
WAS_ACTIVE = "(m.before->>'is_active')::boolean"
STAYED_ACTIVE = "(m.after->>'is_active')::boolean"
CLOSED = f"{WAS_ACTIVE} and not {STAYED_ACTIVE}"
MOVED = "m.before - 'is_active' <> m.after - 'is_active'"


def _edges(condition: str) -> str:
    return (
        f"r.user_id = {USER} and "
        f"r.id = any(array(select m.row_id from {_ROWS} m where {_OF_EDGES} and {condition}))"
    )


def _repointed(end: str) -> str:
    return f"{end} = case when r.{end} = any($5::uuid[]) then $4 else r.{end} end"


# First those that give way: the index knows no two alike for a moment even.
CLOSE_EDGES = f"""
update backend_entities.relationships r
set is_active = false, deleted_at = $3, updated_at = $3, version = r.version + 1
where {_edges(CLOSED)}
"""

MOVE_EDGES = f"""
update backend_entities.relationships r
set {_repointed("source_entity_id")}, {_repointed("target_entity_id")},
    updated_at = $3, version = r.version + 1
where {_edges(MOVED)}
"""

COUNT_EDGES = f"""
select count(*) filter (where {MOVED}) as moved, count(m.heir_id) as collapsed,
    count(*) filter (where {CLOSED} and m.heir_id is null) as loops
from {_ROWS} m where {_OF_EDGES}
"""

# In `recorded` the merge is the parameter after its own.
TOLD_EDGES = (
    f"{_ROWS} m cross join lateral (select r as edge, r.xmin as writer, r.* "
    f"from backend_entities.relationships r "
    f"where r.user_id = {USER} and r.id = m.row_id offset 0) as r "
    f"where m.user_id = {USER} and m.merge_id = (select $6::uuid) and m.kind = 'relationship'"
)
TELL_EDGES = recorded(f"""
    select case when {CLOSED} then 'relationship.deleted' else 'relationship.updated' end as type,
        r.id as subject, backend_entities.relationship_data(r.edge) as data, r.updated_at as occurred_at
    from {TOLD_EDGES} order by r.id
""")


def _same_place(one: str, other: str) -> str:
    return " and ".join(
        f"{one}.{name} = {other}.{name}" for name in ("document_id", "start_offset", "end_offset")
    )


def plan_places(kind: str, table: str, subject: str, moving: str) -> str:
    """Of places that become one, the heir's own stays, else the surest; `moving` names subjects and heirs."""
    found = each(
        f"({moving}) as heirs",
        "o as place, o.*",
        f"{table} o",
        f"o.user_id = {USER} and o.{subject} = heirs.id",
    )
    return f"""
with moving as materialized (
    select found.place, found.id, heirs.heir_id, row_number() over (
        partition by heirs.heir_id, found.document_id, found.start_offset, found.end_offset
        order by found.confidence desc, found.id
    ) as rank, exists (
        select from {table} own where own.user_id = {USER} and own.{subject} = heirs.heir_id
            and {_same_place("own", "found")} offset 0
    ) as known
    from {found}
)
insert into {_ROWS} (user_id, merge_id, kind, row_id, before, after, heir_id)
select $1::uuid, $2::uuid, '{kind}', id, to_jsonb(place),
    case when rank = 1 and not known then jsonb_build_object('{subject}', heir_id) end, heir_id
from moving
"""


def move_places(kind: str, table: str, subject: str) -> str:
    """Takes away what became one with another, and gives the rest to its heir."""

    def places(state: str) -> str:
        return f"array(select m.row_id from {_ROWS} m where {rows_of(kind)} and m.after is {state})"

    return f"""
with dropped as (
    delete from {table} o where o.user_id = {USER} and o.id = any({places("null")})
)
update {table} o set {subject} = (
    select m.heir_id from {_ROWS} m where {rows_of(kind)} and m.row_id = o.id
)
where o.user_id = {USER} and o.id = any({places("not null")})
"""


MENTIONS = ("mention", "backend_extraction.mentions", "entity_id")
EVIDENCE = ("evidence", "backend_extraction.evidence", "relationship_id")

PLAN_MENTIONS = plan_places(*MENTIONS, "select id, $3::uuid as heir_id from unnest($4::uuid[]) as s(id)")
PLAN_EVIDENCE = plan_places(
    *EVIDENCE, f"select m.row_id as id, m.heir_id from {_ROWS} m where {_OF_EDGES} and m.heir_id is not null"
)
MOVE_MENTIONS = move_places(*MENTIONS)
MOVE_EVIDENCE = move_places(*EVIDENCE)

# The sources' keys, whatever their type, then what the target's new aliases are found by.
MOVE_KEYS = f"""
with held as materialized (
    select type, key, entity_id from backend_entities.entity_keys
    where user_id = {USER} and entity_id = any($4::uuid[]) order by type, key for update
), moved as (
    update backend_entities.entity_keys k set entity_id = $3
    where k.user_id = {USER} and k.entity_id = any($4::uuid[]) and exists (select from held)
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
