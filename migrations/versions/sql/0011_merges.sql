-- A UUIDv7 (RFC 9562, 5.7), for rows that no process of ours has in its hands.
create function backend_operations.new_id() returns uuid
language sql volatile parallel safe as $$
    select encode(
        set_bit(set_bit(overlay(
            uuid_send(gen_random_uuid())
            placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
            from 1 for 6
        ), 52, 1), 53, 1), 'hex'
    )::uuid
$$
----
-- A moment as events write it: in UTC, with microseconds only where there are some.
create function backend_operations.rfc3339(moment timestamptz) returns text
language sql stable parallel safe as $$
    select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
        || case when moment = date_trunc('second', moment, 'UTC') then ''
           else to_char(moment at time zone 'UTC', '.US') end || 'Z'
$$
----
-- A relationship as events show it.
create function backend_entities.relationship_data(r backend_entities.relationships) returns jsonb
language sql stable parallel safe as $$
    select jsonb_build_object(
        'id', r.id, 'source_entity_id', r.source_entity_id, 'target_entity_id', r.target_entity_id,
        'relationship_type', r.type, 'confidence', r.confidence, 'source', r.source,
        'source_type', r.source_type, 'external_id', r.external_id, 'metadata', r.metadata,
        'is_active', r.is_active, 'version', r.version,
        'created_at', backend_operations.rfc3339(r.created_at),
        'updated_at', backend_operations.rfc3339(r.updated_at)
    )
$$
----
-- The entity that an inactive one lives on in.
alter table backend_entities.entities
    add column merged_into uuid,
    add constraint entities_merged_into_check check (merged_into is null or not is_active)
----
-- What was deleted along with an end is looked for when that end comes back, or is merged.
create index relationships_dormant_source_idx on backend_entities.relationships (user_id, source_entity_id)
    where not is_active and deleted_with_end
----
create index relationships_dormant_target_idx on backend_entities.relationships (user_id, target_entity_id)
    where not is_active and deleted_with_end
----
-- `sequence` tells which of two merges of the same things was the later one.
create table backend_entities.merges (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    sequence bigint generated always as identity,
    target_id uuid not null,
    source_ids uuid[] not null check (cardinality(source_ids) between 1 and 100),
    target_before jsonb not null,
    target_after jsonb not null,
    score double precision check (score between 0 and 1),
    dropped_aliases text[] not null default '{}',
    dropped_metadata text[] not null default '{}',
    counts jsonb not null default '{}' check (jsonb_typeof(counts) = 'object'),
    merged_at timestamptz not null,
    merged_by uuid not null,
    undone_at timestamptz,
    undone_by uuid,
    primary key (user_id, id)
)
----
create index merges_merged_at_idx on backend_entities.merges (user_id, merged_at, id)
----
create index merges_target_idx on backend_entities.merges (user_id, target_id)
----
-- What a merge changed, row by row: the columns it touched, before and after. A `before` that is null was
-- added by the merge, an `after` that is null was taken away. `heir_id` took over what a row had.
create table backend_entities.merge_rows (
    user_id uuid not null,
    merge_id uuid not null,
    kind text not null check (kind in ('entity', 'relationship', 'key', 'mention', 'evidence')),
    row_id uuid not null,
    before jsonb,
    after jsonb,
    heir_id uuid,
    primary key (user_id, merge_id, kind, row_id),
    check (before is not null or after is not null),
    foreign key (user_id, merge_id) references backend_entities.merges (user_id, id) on delete cascade
)
----
create index merge_rows_row_idx on backend_entities.merge_rows (user_id, row_id)
----
-- One row of preferences a user; no row means all of them are at their defaults.
create table backend_entities.graph_settings (
    user_id uuid primary key references backend_auth.users (id) on delete cascade,
    auto_merge_threshold double precision check (auto_merge_threshold between 0.5 and 1),
    updated_at timestamptz not null
)
----
-- Their plans are kept for the connection's life, made for as many rows as came first: a hundred thousand
-- in a plan for one would be compared each with each.
alter function backend_entities.keep_entity_versions() set enable_nestloop = off
----
alter function backend_entities.keep_relationship_versions() set enable_nestloop = off
----
-- No more than what they call: only then the planner puts them into the statement instead of calling them.
alter function backend_entities.entity_content(backend_entities.entities) stable
----
alter function backend_entities.relationship_content(backend_entities.relationships) stable
