"""The statements that take a merge back: each puts all rows of a kind back as far as nobody changed them."""

from adapters.postgres.event_sets import recorded
from adapters.postgres.graph_merge_sql import (
    CLOSED,
    EVIDENCE,
    KINDS,
    MENTIONS,
    MERGE,
    MOVED,
    TOLD_EDGES,
    USER,
    rows_of,
)
from adapters.postgres.graph_rows import ENTITY_COLUMNS

_ROWS = "backend_entities.merge_rows"
MERGE_COLUMNS = (
    "id, target_id, source_ids, target_before, target_after, score, dropped_aliases, dropped_metadata, "
    "counts, merged_at, merged_by, undone_at, undone_by"
)

GET = f"""
select {MERGE_COLUMNS} from backend_entities.merges where user_id = $1 and id = $2 for update
"""


def _shares_rows(place: str) -> str:
    return (
        f"exists (select from {_ROWS} theirs where theirs.user_id = {USER} and theirs.merge_id = later.id "
        f"and exists (select from {_ROWS} ours where ours.user_id = {USER} "
        f"and ours.merge_id = {MERGE} and ours.kind = any({KINDS}) "
        f"and ours.row_id = theirs.{place} offset 0) offset 0)"
    )


# Merges of the same target always share its row, so that these are undone in turn.
LATER = f"""
select later.id from backend_entities.merges later
where later.user_id = {USER} and later.undone_at is null
    and later.sequence > (select sequence from backend_entities.merges where user_id = $1 and id = $2)
    and ({_shares_rows("row_id")} or {_shares_rows("heir_id")})
order by later.sequence desc limit 1
"""

CLOSE = """
update backend_entities.merges set undone_at = $3, undone_by = $4 where user_id = $1 and id = $2
"""

OPEN_SOURCES = f"""
update backend_entities.entities
set is_active = true, merged_into = null, deleted_at = null, updated_at = $4, version = version + 1
where user_id = {USER} and id = any($3::uuid[]) and not is_active and merged_into = $2
returning {ENTITY_COLUMNS}
"""


def _put_back(end: str) -> tuple[str, str]:
    """What an end becomes again, and whether it does: not where somebody moved it elsewhere meanwhile."""
    before, after = f"(m.before->>'{end}')::uuid", f"(m.after->>'{end}')::uuid"
    holds = f"({before} <> {after} and r.{end} = {after})"
    return f"case when {holds} then {before} else r.{end} end", holds


_SOURCE, _SOURCE_HOLDS = _put_back("source_entity_id")
_TARGET, _TARGET_HOLDS = _put_back("target_entity_id")
_OF_EDGES = rows_of("relationship")


def _edges(columns: str, condition: str) -> str:
    """Of the merge's relationships those that are still as it left them, looked up one by one."""
    return f"""
    select {columns} from {_ROWS} m cross join lateral (
        select r.* from backend_entities.relationships r
        where r.user_id = {USER} and r.id = m.row_id and ({condition}) offset 0
    ) as r where {_OF_EDGES}"""


MOVE_EDGES_BACK = f"""
update backend_entities.relationships r
set (source_entity_id, target_entity_id) = (
        select {_SOURCE}, {_TARGET} from {_ROWS} m where {_OF_EDGES} and m.row_id = r.id
    ), updated_at = $3, version = r.version + 1
where r.user_id = {USER} and r.id = any(array(
    {_edges("r.id", f"{_SOURCE_HOLDS} or {_TARGET_HOLDS}")} and {MOVED}
))
"""

# `deleted_at` tells those that the merge closed from those that somebody deleted since.
OPEN_EDGES = f"""
with back as materialized (
    {
    _edges(
        "r.id, r.source_entity_id as s, r.target_entity_id as t, r.type, r.source, r.external_id",
        "not r.is_active and r.deleted_at = $4",
    )
} and {CLOSED}
), ends as materialized (
    select e.id from backend_entities.entities e
    where e.user_id = {USER} and e.is_active
        and e.id = any(array(select s from back union select t from back))
    order by e.id for share
), free as materialized (
    select b.id from back b
    where not exists (
        select from backend_entities.relationships o
        where o.user_id = {USER} and o.source_entity_id = b.s and o.target_entity_id = b.t and o.type = b.type
            and o.is_active offset 0
    ) and (b.external_id is null or not exists (
        select from backend_entities.relationships o
        where o.user_id = {USER} and o.external_id = b.external_id and o.source is not distinct from b.source
            and o.is_active offset 0
    ))
)
update backend_entities.relationships r
set (is_active, deleted_with_end, deleted_at) = (
        select has.ends, not has.ends, case when has.ends then null else r.deleted_at end
        from (values (
            r.source_entity_id in (select id from ends) and r.target_entity_id in (select id from ends)
        )) as has(ends)
    ), updated_at = $3, version = r.version + 1
where r.user_id = {USER} and r.id = any(array(select id from free))
"""

# What this transaction wrote is what it changed: others wait for the rows.
TELL_EDGES = recorded(f"""
    select case when {CLOSED} and r.is_active then 'relationship.restored'
        else 'relationship.updated' end as type,
        r.id as subject, backend_entities.relationship_data(r.edge) as data, r.updated_at as occurred_at
    from {TOLD_EDGES} and r.writer = pg_current_xact_id()::xid
    order by r.id
""")


def _places_back(kind: str, table: str, subject: str, owners: str) -> tuple[str, str]:
    """Two statements: what became one with another is put back while the other is still there; then what
    was given away is taken back. A document that was read again since has neither."""
    rows = rows_of(kind)
    has_owner = (
        f"exists (select from {owners} s "
        f"where s.user_id = {USER} and s.id = (m.before->>'{subject}')::uuid offset 0)"
    )
    split = f"""
insert into {table} select place.*
from {_ROWS} m cross join lateral jsonb_populate_record(
    null::{table}, m.before || case when exists (
        select from backend_documents.chunks c
        where c.user_id = {USER} and c.id = (m.before->>'chunk_id')::uuid offset 0
    ) then '{{}}'::jsonb else '{{"chunk_id": null}}'::jsonb end
) as place
where {rows} and m.after is null and {has_owner} and exists (
    select from {table} twin where twin.user_id = {USER} and twin.{subject} = m.heir_id
        and twin.document_id = (m.before->>'document_id')::uuid
        and twin.start_offset = (m.before->>'start_offset')::int
        and twin.end_offset = (m.before->>'end_offset')::int offset 0
)
on conflict do nothing
"""
    back = f"""
update {table} o set {subject} = (
    select (m.before->>'{subject}')::uuid from {_ROWS} m where {rows} and m.row_id = o.id
)
where o.user_id = {USER} and o.id = any(array(
    select m.row_id from {_ROWS} m cross join lateral (
        select from {table} o
        where o.user_id = {USER} and o.id = m.row_id and o.{subject} = m.heir_id offset 0
    ) as still where {rows} and m.after is not null and {has_owner}
))
"""
    return split, back


SPLIT_MENTIONS, MOVE_MENTIONS_BACK = _places_back(*MENTIONS, "backend_entities.entities")
SPLIT_EVIDENCE, MOVE_EVIDENCE_BACK = _places_back(*EVIDENCE, "backend_entities.relationships")


def _found_before(kind: str, table: str, subject: str) -> str:
    """What a document spoke of before the merge, or since through it, and none does now."""
    return f"""
select found.id from (
    select (m.before->>'{subject}')::uuid as id from {_ROWS} m where {rows_of(kind)}
    union
    select m.heir_id from {_ROWS} m where {rows_of(kind)}
) as found where not exists (
    select from {table} o where o.user_id = {USER} and o.{subject} = found.id offset 0
)
"""


MENTIONED_BEFORE, PROVEN_BEFORE = _found_before(*MENTIONS), _found_before(*EVIDENCE)

# A key that somebody else has claimed by now stays theirs.
MOVE_KEYS_BACK = f"""
with released as (
    delete from backend_entities.entity_keys k using {_ROWS} m
    where m.user_id = $1 and m.merge_id = $2 and m.kind = 'key' and m.before is null
        and k.user_id = $1 and k.type = m.after->>'type' and k.key = m.after->>'key' and k.entity_id = $3
        and k.key <> all($4::text[])
)
insert into backend_entities.entity_keys as k (user_id, type, key, entity_id)
select $1, m.before->>'type', m.before->>'key', (m.before->>'entity_id')::uuid from {_ROWS} m
where m.user_id = $1 and m.merge_id = $2 and m.kind = 'key' and m.before is not null
order by m.before->>'type', m.before->>'key'
on conflict (user_id, type, key) do update set entity_id = excluded.entity_id where k.entity_id = $3
"""
