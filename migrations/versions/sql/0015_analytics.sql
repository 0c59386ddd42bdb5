-- What was computed about a whole graph. A run's id is that of its job; one without `computed_at` is being
-- written, and read by nobody. `attempt` is the job's: a consumer that lost its job writes to no later one's.
create table backend_entities.analytics_runs (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    attempt integer not null,
    kind text not null check (kind in ('pagerank', 'communities', 'components', 'degree', 'betweenness')),
    parameters jsonb not null check (jsonb_typeof(parameters) = 'object'),
    entities bigint not null check (entities >= 0),
    relationships bigint not null check (relationships >= 0),
    groups bigint check (groups >= 0),
    snapshot_at timestamptz not null,
    facts jsonb not null check (jsonb_typeof(facts) = 'object'),
    computed_at timestamptz,
    primary key (user_id, id)
)
----
create index analytics_runs_kind_idx on backend_entities.analytics_runs (user_id, kind, snapshot_at, id)
----
-- One number an entity: its score, or the number of its group. No key to the entity: this is how the graph
-- was, and an entity that is erased while a run is written must not make the run fail.
create table backend_entities.analytics_scores (
    user_id uuid not null,
    run_id uuid not null,
    entity_id uuid not null,
    score double precision not null,
    primary key (user_id, run_id, entity_id),
    constraint analytics_scores_run_fkey foreign key (user_id, run_id)
        references backend_entities.analytics_runs (user_id, id) on delete cascade
)
----
create index analytics_scores_score_idx on backend_entities.analytics_scores (user_id, run_id, score, entity_id)
----
create table backend_entities.analytics_groups (
    user_id uuid not null,
    run_id uuid not null,
    number bigint not null check (number >= 1),
    size bigint not null check (size >= 1),
    primary key (user_id, run_id, number),
    constraint analytics_groups_run_fkey foreign key (user_id, run_id)
        references backend_entities.analytics_runs (user_id, id) on delete cascade
)
