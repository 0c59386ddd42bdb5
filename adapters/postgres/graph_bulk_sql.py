"""The statements that write many rows of a graph: COPY into a temporary table, from there set by set."""

# COPY does not go where row level security is on; a temporary table is the transaction's own.
STAGE_ENTITIES = """
create temp table if not exists staged_entities (
    place integer, id uuid, event_id uuid, name text, type text, confidence double precision,
    source text, source_type text, external_id text, metadata jsonb, aliases text[], is_active boolean,
    version bigint, moment timestamptz, event text, created_text text, moment_text text, claim text[],
    release text[]
) on commit drop
"""
STAGE_RELATIONSHIPS = """
create temp table if not exists staged_relationships (
    id uuid, event_id uuid, source_entity_id uuid, target_entity_id uuid, type text,
    confidence double precision, source text, source_type text, external_id text, metadata jsonb,
    is_active boolean, version bigint, moment timestamptz, event text,
    created_text text, moment_text text
) on commit drop
"""
# A table grows from nothing to a million rows within one import, and statistics do not keep up: plans that
# were right for a small one must not be chosen.
PLAIN_PLANS = """
set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off
"""

# What was just staged is joined with what was just stored.
HASHED_PLANS = "set local enable_hashjoin = on; set local enable_seqscan = on"

_CONTENT = "confidence, source, source_type, external_id, metadata, is_active, version"
_DELETED = "case when s.is_active then null else s.moment end"

# As `domain.graph.events` tells of things; a contract test compares the two.


def _event(subject: str, data: str) -> str:
    return f"""
        insert into backend_operations.events
            (user_id, id, type, subject, data, occurred_at, request_id, traceparent)
        select $1, s.event_id, s.event, s.id, {data}, s.moment, $2, $3
        from {subject}
    """


_ENTITY_DATA = """jsonb_build_object(
        'id', s.id, 'name', s.name, 'type', s.type, 'confidence', s.confidence, 'source', s.source,
        'source_type', s.source_type, 'external_id', s.external_id, 'metadata', s.metadata,
        'aliases', s.aliases, 'is_active', s.is_active, 'version', s.version,
        'created_at', s.created_text, 'updated_at', s.moment_text
)"""


_RELATIONSHIP_DATA = """jsonb_build_object(
        'id', s.id, 'source_entity_id', s.source_entity_id, 'target_entity_id', s.target_entity_id,
        'relationship_type', s.type, 'confidence', s.confidence, 'source', s.source,
        'source_type', s.source_type, 'external_id', s.external_id, 'metadata', s.metadata,
        'is_active', s.is_active, 'version', s.version,
        'created_at', s.created_text, 'updated_at', s.moment_text
)"""


# In one order for everybody; of two rows that want the same the first one gets it.
_CLAIM = """
insert into backend_entities.entity_keys (user_id, type, key, entity_id)
select $1, s.type, wanted.key, s.id from {source}, unnest(s.claim) as wanted(key) {also}
order by s.type, wanted.key, s.place
on conflict do nothing
"""

# What was merged into another one is known by its external id still. Asked only where there is such a one.
_ANY_MERGED = """(select exists (
    select from backend_entities.entities m
    where m.user_id = $1 and m.merged_into is not null and m.external_id is not null
))"""
_NOT_MERGED = f"""(
    not s.is_active or s.external_id is null or not {_ANY_MERGED}
    or backend_entities.merged_target($1, s.source, s.external_id) is null
)"""
_MERGED_TARGET = f"""case when w.external_id is not null and {_ANY_MERGED}
    then backend_entities.merged_target($1, w.source, w.external_id) end"""

ADD_ENTITIES = f"""
with added as (
    insert into backend_entities.entities
        (user_id, id, name, type, aliases, created_at, updated_at, deleted_at, {_CONTENT})
    select $1, s.id, s.name, s.type, s.aliases, s.moment, s.moment, {_DELETED},
        {", ".join(f"s.{name}" for name in _CONTENT.split(", "))}
    from staged_entities s where {_NOT_MERGED}
    on conflict do nothing returning id
), claimed as ({_CLAIM.format(source="staged_entities s join added on added.id = s.id", also="")}), told as (
    {_event("staged_entities s join added on added.id = s.id", _ENTITY_DATA)}
)
select id from staged_entities where id not in (select id from added)
"""

_SAVED_ENTITIES = f"""
saved as (
    update backend_entities.entities e set
        name = s.name, type = s.type, confidence = s.confidence, source = s.source,
        source_type = s.source_type, external_id = s.external_id, metadata = s.metadata,
        aliases = s.aliases, is_active = s.is_active, version = s.version, updated_at = s.moment,
        deleted_at = case when s.is_active then null else e.deleted_at end,
        merged_into = case when s.is_active then null else e.merged_into end
    from staged_entities s where e.user_id = $1 and e.id = s.id and e.version = s.version - 1
), told as (
    {_event("staged_entities s", _ENTITY_DATA)}
)
"""

SAVE_ENTITIES = f"""
with {_SAVED_ENTITIES}
{_CLAIM.format(source="staged_entities s", also="")}
"""

# One statement does not see what it deletes as gone: where keys are given up, they are claimed after that.
SAVE_ENTITIES_AND_RELEASE = f"""
with {_SAVED_ENTITIES}
delete from backend_entities.entity_keys k using staged_entities s
where k.user_id = $1 and k.entity_id = s.id and k.key = any(s.release)
returning s.place, k.type, k.key
"""

# $2 to $4 are the keys that were given up, and the rows that did: they were held by others before.
CLAIM_RELEASED = _CLAIM.format(
    source="staged_entities s",
    also="""
where not exists (
    select from unnest($2::integer[], $3::text[], $4::text[]) as r(place, type, key)
    where r.type = s.type and r.key = wanted.key and r.place > s.place
)""",
)

ADD_RELATIONSHIPS = f"""
with added as (
    insert into backend_entities.relationships
        (user_id, id, source_entity_id, target_entity_id, type, created_at, updated_at, deleted_at,
         {_CONTENT})
    select $1, s.id, s.source_entity_id, s.target_entity_id, s.type, s.moment, s.moment, {_DELETED},
        {", ".join(f"s.{name}" for name in _CONTENT.split(", "))}
    from staged_relationships s
    on conflict do nothing returning id
), told as (
    {_event("staged_relationships s join added on added.id = s.id", _RELATIONSHIP_DATA)}
)
select id from staged_relationships where id not in (select id from added)
"""

SAVE_RELATIONSHIPS = f"""
with saved as (
    update backend_entities.relationships r set
        source_entity_id = s.source_entity_id, target_entity_id = s.target_entity_id, type = s.type,
        confidence = s.confidence, source = s.source, source_type = s.source_type,
        external_id = s.external_id, metadata = s.metadata, is_active = s.is_active, version = s.version,
        updated_at = s.moment, deleted_at = case when s.is_active then null else r.deleted_at end,
        deleted_with_end = r.deleted_with_end and not s.is_active
    from staged_relationships s where r.user_id = $1 and r.id = s.id and r.version = s.version - 1
)
{_event("staged_relationships s", _RELATIONSHIP_DATA)}
"""

# The external id first, with its source or without one: both ways are looked up in the same index.
_BY_EXTERNAL_ID = """
    select t.id from {table} t
    where t.user_id = $1 and w.source is not null and t.source = w.source and t.external_id = w.external_id
        and t.is_active
    union all
    select t.id from {table} t
    where t.user_id = $1 and w.source is null and t.source is null and t.external_id = w.external_id
        and t.is_active
"""
_ENTITY_BY_EXTERNAL_ID = _BY_EXTERNAL_ID.format(table="backend_entities.entities")

# Locked in one order for all, so that two imports do not wait for each other.
FIND_ENTITIES = f"""
with found as materialized (
    select w.place, coalesce(x.id, i.id, {_MERGED_TARGET}) as id
    from unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[]) as w(place, id, source, external_id)
    left join lateral ({_ENTITY_BY_EXTERNAL_ID}) as x on true
    left join backend_entities.entities i on i.user_id = $1 and i.id = w.id
), held as materialized (
    select {{columns}} from backend_entities.entities
    where user_id = $1 and id = any(array(select id from found)) order by id for no key update
)
select found.place, held.* from found join held on held.id = found.id
"""

# An edge is looked for by its ends: while statistics lag behind, the index by type, which may hold most of
# the graph under one type, must not look as good.
FIND_RELATIONSHIPS = f"""
with found as materialized (
    select w.place, coalesce(x.id, i.id, e.id) as id
    from unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[])
        as w(place, id, source, external_id, source_entity_id, target_entity_id, type)
    left join lateral (
        {_BY_EXTERNAL_ID.format(table="backend_entities.relationships")}
    ) as x on w.external_id is not null
    left join backend_entities.relationships i on i.user_id = $1 and i.id = w.id and w.id is not null
    left join backend_entities.relationships e on e.user_id = $1 and e.is_active
        and e.source_entity_id = w.source_entity_id and e.target_entity_id = w.target_entity_id
        and e.type || '' = w.type
), held as materialized (
    select {{columns}} from backend_entities.relationships
    where user_id = $1 and id = any(array(select id from found where id is not null))
    order by id for no key update
)
select found.place, held.* from found join held on held.id = found.id
"""

# As for a single relationship: the foreign key's own lock would let a soft deletion pass.
HOLD_ENDS = """
select id, is_active from backend_entities.entities
where user_id = $1 and id = any($2::uuid[]) order by id for share
"""

RESOLVE_KEYS = """
select key, entity_id from backend_entities.import_keys
where user_id = $1 and import_id = $2 and key = any($3::text[])
"""
RESOLVE_EXTERNAL_IDS = f"""
select * from (
    select w.source, w.external_id, coalesce(x.id, {_MERGED_TARGET}) as id
    from unnest($2::text[], $3::text[]) as w(source, external_id)
    left join lateral ({_ENTITY_BY_EXTERNAL_ID}) as x on true
) as known where id is not null
"""
RESOLVE_NAMES = """
select k.type, k.key, k.entity_id from unnest($2::text[], $3::text[]) as w(type, key)
join backend_entities.entity_keys k on k.user_id = $1 and k.type = w.type and k.key = w.key
"""
