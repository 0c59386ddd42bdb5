-- A file on its way into a graph: it has the id of the job that works on it, and goes when that has ended.
create table backend_entities.imports (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    started_at timestamptz not null,
    phase text not null default 'entities' check (phase in ('entities', 'relationships', 'done')),
    place bigint not null default 0,
    total bigint,
    has_keys boolean not null default false,
    counts jsonb not null default '{}' check (jsonb_typeof(counts) = 'object'),
    primary key (user_id, id)
)
----
create index imports_started_at_idx on backend_entities.imports (started_at)
----
create table backend_entities.import_parts (
    user_id uuid not null,
    import_id uuid not null,
    ordinal integer not null check (ordinal >= 0),
    content bytea not null,
    primary key (user_id, import_id, ordinal),
    foreign key (user_id, import_id) references backend_entities.imports (user_id, id) on delete cascade
)
----
-- Compressing would cost more than the little while they stay is worth.
alter table backend_entities.import_parts alter column content set storage external
----
-- Which entity a name of the file stands for.
create table backend_entities.import_keys (
    user_id uuid not null,
    import_id uuid not null,
    key text not null,
    entity_id uuid not null,
    primary key (user_id, import_id, key),
    foreign key (user_id, import_id) references backend_entities.imports (user_id, id) on delete cascade
)
----
-- What a bulk request was answered, for the same request again.
create table backend_entities.bulk_results (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    outcomes jsonb not null,
    created_at timestamptz not null,
    primary key (user_id, id)
)
----
create index bulk_results_created_at_idx on backend_entities.bulk_results (created_at)
----
-- Removes what nobody will ask for any more: files whose job has ended, files whose upload broke off, and
-- answers that were kept long enough. Returns how many there were.
create function backend_entities.sweep_imports(abandoned_before timestamptz, answered_before timestamptz)
returns bigint language plpgsql volatile as $$
declare
    gone bigint;
    more bigint;
begin
    perform set_config('app.scope', 'imports', true);
    delete from backend_entities.imports i using backend_entities.graph_jobs j
        where j.user_id = i.user_id and j.id = i.id and j.finished_at is not null;
    get diagnostics gone = row_count;
    delete from backend_entities.imports i
        where i.started_at < abandoned_before and not exists (
            select from backend_entities.graph_jobs j where j.user_id = i.user_id and j.id = i.id
        );
    get diagnostics more = row_count;
    gone := gone + more;
    delete from backend_entities.bulk_results r where r.created_at < answered_before;
    get diagnostics more = row_count;
    return gone + more;
end
$$
