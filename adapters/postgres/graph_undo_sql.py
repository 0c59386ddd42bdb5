"""The statements that take a merge back: each puts all rows of a kind back as far as nobody changed them."""

from adapters.postgres.event_sets import recorded
from adapters.postgres.graph_merge_sql import EVIDENCE, MENTIONS, MOVED, STAYED_ACTIVE, WAS_ACTIVE
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
        f"exists (select from {_ROWS} theirs join {_ROWS} ours "
        f"on ours.user_id = $1 and ours.merge_id = $2 and ours.row_id = theirs.{place} "
        "where theirs.user_id = $1 and theirs.merge_id = later.id)"
    )


# Merges of the same target always share its row, so that these are undone in turn.
LATER = f"""
select later.id from backend_entities.merges later
where later.user_id = $1 and later.undone_at is null
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
where user_id = $1 and id = any($3::uuid[]) and not is_active and merged_into = $2
returning {ENTITY_COLUMNS}
"""

_OF_EDGES = (
    "m.user_id = $1 and m.merge_id = $2 and m.kind = 'relationship' and r.user_id = $1 and r.id = m.row_id"
)


def _put_back(end: str) -> tuple[str, str]:
    """What an end becomes again, and whether it does: not where somebody moved it elsewhere meanwhile."""
    before, after = f"(m.before->>'{end}')::uuid", f"(m.after->>'{end}')::uuid"
    holds = f"({before} <> {after} and r.{end} = {after})"
    return f"{end} = case when {holds} then {before} else r.{end} end", holds


_SOURCE, _SOURCE_HOLDS = _put_back("source_entity_id")
_TARGET, _TARGET_HOLDS = _put_back("target_entity_id")

MOVE_EDGES_BACK = f"""
update backend_entities.relationships r
set {_SOURCE}, {_TARGET}, updated_at = $3, version = r.version + 1
from {_ROWS} m where {_OF_EDGES} and {MOVED} and ({_SOURCE_HOLDS} or {_TARGET_HOLDS})
"""

# `deleted_at` tells those that the merge closed from those that somebody deleted since.
OPEN_EDGES = f"""
with back as materialized (
    select r.id, r.source_entity_id as s, r.target_entity_id as t, r.type, r.source, r.external_id
    from {_ROWS} m join backend_entities.relationships r on {_OF_EDGES}
    where {WAS_ACTIVE} and not {STAYED_ACTIVE} and not r.is_active and r.deleted_at = $4
), ends as materialized (
    select e.id from backend_entities.entities e
    where e.user_id = $1 and e.is_active and e.id in (select s from back union select t from back)
    order by e.id for share
), free as (
    select b.id, b.s in (select id from ends) and b.t in (select id from ends) as has_ends from back b
    where not exists (
        select from backend_entities.relationships o
        where o.user_id = $1 and o.source_entity_id = b.s and o.target_entity_id = b.t and o.type = b.type
            and o.is_active
    ) and (b.external_id is null or not exists (
        select from backend_entities.relationships o
        where o.user_id = $1 and o.external_id = b.external_id and o.source is not distinct from b.source
            and o.is_active
    ))
)
update backend_entities.relationships r
set is_active = free.has_ends, deleted_with_end = not free.has_ends,
    deleted_at = case when free.has_ends then null else r.deleted_at end,
    updated_at = $3, version = r.version + 1
from free where r.user_id = $1 and r.id = free.id
"""

# What this transaction wrote is what it changed: others wait for the rows.
TELL_EDGES = recorded(f"""
    select case when {WAS_ACTIVE} and not {STAYED_ACTIVE} and r.is_active then 'relationship.restored'
        else 'relationship.updated' end as type,
        r.id as subject, backend_entities.relationship_data(r) as data, r.updated_at as occurred_at
    from {_ROWS} m join backend_entities.relationships r on r.user_id = $1 and r.id = m.row_id
    where m.user_id = $1 and m.merge_id = $6 and m.kind = 'relationship'
        and r.xmin = pg_current_xact_id()::xid
    order by r.id
""")


def _places_back(kind: str, table: str, subject: str, owners: str) -> tuple[str, str]:
    """Two statements: what became one with another is put back while the other is still there; then what
    was given away is taken back. A document that was read again since has neither."""
    owner = f"select from {owners} s where s.user_id = $1 and s.id = (m.before->>'{subject}')::uuid"
    rows = f"m.user_id = $1 and m.merge_id = $2 and m.kind = '{kind}'"
    split = f"""
insert into {table}
select (jsonb_populate_record(null::{table}, m.before || case when exists (
    select from backend_documents.chunks c where c.user_id = $1 and c.id = (m.before->>'chunk_id')::uuid
) then '{{}}'::jsonb else '{{"chunk_id": null}}'::jsonb end)).*
from {_ROWS} m
where {rows} and m.after is null and exists ({owner}) and exists (
    select from {table} twin where twin.user_id = $1 and twin.{subject} = m.heir_id
        and twin.document_id = (m.before->>'document_id')::uuid
        and twin.start_offset = (m.before->>'start_offset')::int
        and twin.end_offset = (m.before->>'end_offset')::int
)
on conflict do nothing
"""
    back = f"""
update {table} o set {subject} = (m.before->>'{subject}')::uuid from {_ROWS} m
where {rows} and m.after is not null and o.user_id = $1 and o.id = m.row_id and o.{subject} = m.heir_id
    and exists ({owner})
"""
    return split, back


SPLIT_MENTIONS, MOVE_MENTIONS_BACK = _places_back(*MENTIONS, "backend_entities.entities")
SPLIT_EVIDENCE, MOVE_EVIDENCE_BACK = _places_back(*EVIDENCE, "backend_entities.relationships")

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
