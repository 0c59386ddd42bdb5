create schema if not exists backend_auth
----
create schema if not exists backend_entities
----
create schema if not exists backend_documents
----
create schema if not exists backend_extraction
----
create schema if not exists backend_operations
----
create extension if not exists vector
----
-- Row level security lets an index answer a full-text match only when its operator is known to leak
-- nothing. Saying so takes a superuser; without it searches are right but slower.
do $$
begin
    alter function pg_catalog.ts_match_vq(tsvector, tsquery) leakproof;
exception when insufficient_privilege then
    raise notice 'full-text search under row level security stays slower: ts_match_vq is not leakproof';
end
$$
----
-- Becomes one user for the rest of the transaction. Volatile, so that no planner moves or repeats it.
create function backend_operations.act_as(tenant uuid) returns uuid
language plpgsql volatile as $$
begin
    perform set_config('app.user_id', tenant::text, true);
    return tenant;
end
$$
----
-- Enters a scope that sees more than one user's rows, on the tables whose policies name it.
create function backend_operations.act_within(scope text) returns text
language plpgsql volatile as $$
begin
    perform set_config('app.scope', scope, true);
    return scope;
end
$$
----
-- Names and aliases as one searchable text; array_to_string is only stable, on text it is immutable.
create function backend_entities.searchable(name text, aliases text[]) returns tsvector
language sql immutable parallel safe as $$
    select to_tsvector('simple', name || ' ' || array_to_string(aliases, ' '))
$$
