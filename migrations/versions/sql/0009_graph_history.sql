-- Who acts in this transaction: the account's owner, unless somebody else acts on it.
create function backend_operations.acting() returns uuid
language sql stable parallel safe as $$
    select coalesce(
        nullif(current_setting('app.actor_id', true), ''), nullif(current_setting('app.user_id', true), '')
    )::uuid
$$
----
alter table backend_entities.entities
    add column external_id text check (length(external_id) between 1 and 500),
    add column changed_by uuid
----
alter table backend_entities.entities alter column changed_by set default backend_operations.acting()
----
-- The edges of a deleted entity are deleted with it, and come back with it; others stay deleted.
alter table backend_entities.relationships
    add column external_id text check (length(external_id) between 1 and 500),
    add column deleted_with_end boolean not null default false,
    add column changed_by uuid
----
alter table backend_entities.relationships alter column changed_by set default backend_operations.acting()
----
create unique index entities_external_id_key on backend_entities.entities (user_id, source, external_id)
    nulls not distinct where external_id is not null and is_active
----
create unique index relationships_external_id_key on backend_entities.relationships (user_id, source, external_id)
    nulls not distinct where external_id is not null and is_active
----
create table backend_entities.entity_versions (
    user_id uuid not null,
    entity_id uuid not null,
    version bigint not null,
    content jsonb not null,
    changed_at timestamptz not null,
    changed_by uuid,
    primary key (user_id, entity_id, version),
    foreign key (user_id, entity_id) references backend_entities.entities (user_id, id) on delete cascade
)
----
create table backend_entities.relationship_versions (
    user_id uuid not null,
    relationship_id uuid not null,
    version bigint not null,
    content jsonb not null,
    changed_at timestamptz not null,
    changed_by uuid,
    primary key (user_id, relationship_id, version),
    foreign key (user_id, relationship_id)
        references backend_entities.relationships (user_id, id) on delete cascade
)
----
create function backend_entities.entity_content(e backend_entities.entities) returns jsonb
language sql immutable parallel safe as $$
    select jsonb_build_object(
        'name', e.name, 'type', e.type, 'confidence', e.confidence, 'source', e.source,
        'source_type', e.source_type, 'external_id', e.external_id, 'metadata', e.metadata,
        'aliases', e.aliases, 'is_active', e.is_active
    )
$$
----
create function backend_entities.relationship_content(r backend_entities.relationships) returns jsonb
language sql immutable parallel safe as $$
    select jsonb_build_object(
        'source_entity_id', r.source_entity_id, 'target_entity_id', r.target_entity_id,
        'relationship_type', r.type, 'confidence', r.confidence, 'source', r.source,
        'source_type', r.source_type, 'external_id', r.external_id, 'metadata', r.metadata,
        'is_active', r.is_active
    )
$$
----
create function backend_entities.sign_change() returns trigger language plpgsql as $$
begin
    new.changed_by := backend_operations.acting();
    return new;
end
$$
----
create trigger sign_change before update on backend_entities.entities
    for each row execute function backend_entities.sign_change()
----
create trigger sign_change before update on backend_entities.relationships
    for each row execute function backend_entities.sign_change()
----
-- The row itself is its last version; what it was before is kept here, a statement's rows at once.
create function backend_entities.keep_entity_versions() returns trigger language plpgsql as $$
begin
    insert into backend_entities.entity_versions
        (user_id, entity_id, version, content, changed_at, changed_by)
    select e.user_id, e.id, e.version, backend_entities.entity_content(e), e.updated_at, e.changed_by
    from was e join became n on n.user_id = e.user_id and n.id = e.id
    where n.version > e.version;
    return null;
end
$$
----
create trigger keep_versions after update on backend_entities.entities
    referencing old table as was new table as became
    for each statement execute function backend_entities.keep_entity_versions()
----
create function backend_entities.keep_relationship_versions() returns trigger language plpgsql as $$
begin
    insert into backend_entities.relationship_versions
        (user_id, relationship_id, version, content, changed_at, changed_by)
    select r.user_id, r.id, r.version, backend_entities.relationship_content(r), r.updated_at, r.changed_by
    from was r join became n on n.user_id = r.user_id and n.id = r.id
    where n.version > r.version;
    return null;
end
$$
----
create trigger keep_versions after update on backend_entities.relationships
    referencing old table as was new table as became
    for each statement execute function backend_entities.keep_relationship_versions()
----
-- Row level security lets an index answer `@>` only when the operator is known to leak nothing. Saying so
-- takes a superuser; without it metadata filters are right but read all of a user's rows.
do $$
begin
    alter function pg_catalog.jsonb_contains(jsonb, jsonb) leakproof;
exception when insufficient_privilege then
    raise notice 'metadata filters under row level security stay slower: jsonb_contains is not leakproof';
end
$$
