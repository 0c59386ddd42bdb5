-- One row is one user's whole schema: it is read, checked for consistency and changed as one.
create table backend_entities.graph_schemas (
    user_id uuid primary key references backend_auth.users (id) on delete cascade,
    version bigint not null check (version >= 1),
    enforcement text not null check (enforcement in ('off', 'warn', 'enforce')),
    undeclared_types text not null check (undeclared_types in ('allow', 'refuse')),
    settings_version bigint not null check (settings_version >= 0),
    entity_types jsonb not null check (jsonb_typeof(entity_types) = 'array'),
    relationship_types jsonb not null check (jsonb_typeof(relationship_types) = 'array')
)
----
-- What was checked against a schema is committed only while it is in force. The statement after the lock
-- sees what was committed while it waited; a row lock would not cover a schema that is not there yet.
create function backend_entities.require_schema(tenant uuid, expected bigint) returns void
language plpgsql volatile as $$
declare
    present bigint;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('graph schema ' || tenant, 0));
    select version into present from backend_entities.graph_schemas where user_id = tenant;
    if coalesce(present, 0) <> expected then
        raise exception 'the schema changed' using errcode = 'KG014';
    end if;
end
$$
----
create function backend_entities.hold_schema(tenant uuid) returns void
language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('graph schema ' || tenant, 0));
end
$$
----
-- The ends first and in order, as everything that relates them does; then the type, where one relationship
-- can forbid another. A statement after this one sees all that the locks waited for.
create function backend_entities.hold_edge(tenant uuid, one uuid, other uuid, edge_type text, alone boolean)
returns void language plpgsql volatile as $$
begin
    perform id from backend_entities.entities
        where user_id = tenant and id in (one, other) and is_active order by id for share;
    if alone then
        perform pg_advisory_xact_lock(hashtextextended('graph edges ' || tenant || ' ' || edge_type, 0));
    end if;
end
$$
