create table backend_entities.graph_jobs (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    kind text not null check (kind in ('import', 'analytics')),
    status text not null check (status in ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
    parameters jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
    total bigint check (total >= 0),
    done bigint not null default 0 check (done >= 0),
    refused bigint not null default 0 check (refused >= 0),
    result jsonb check (jsonb_typeof(result) = 'object'),
    error text,
    attempts integer not null default 0,
    failures integer not null default 0,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (user_id, id),
    constraint graph_jobs_finished_check
        check ((finished_at is null) = (status in ('queued', 'running')))
)
----
create index graph_jobs_created_at_idx on backend_entities.graph_jobs (user_id, created_at, id)
----
-- What a job refused, by the place in its input: a row (or line) number, counted from 1.
create table backend_entities.graph_job_errors (
    user_id uuid not null,
    job_id uuid not null,
    place bigint not null check (place >= 1),
    pointer text not null,
    code text not null,
    detail text not null,
    primary key (user_id, job_id, place, pointer, code),
    foreign key (user_id, job_id) references backend_entities.graph_jobs (user_id, id) on delete cascade
)
