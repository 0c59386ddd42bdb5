create table backend_auth.users (
    id uuid primary key,
    email text not null check (length(email) between 3 and 254),
    password_hash text not null,
    first_name text check (length(first_name) <= 100),
    last_name text check (length(last_name) <= 100),
    role text not null default 'user' check (role in ('user', 'moderator', 'admin')),
    is_active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
)
----
create unique index users_email_key on backend_auth.users (lower(email))
----
create table backend_auth.sessions (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    user_agent text,
    address text,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    primary key (user_id, id)
)
----
-- A process that starts asks which sessions ended while their access tokens are still good.
create index sessions_revoked_at_idx on backend_auth.sessions (revoked_at) where revoked_at is not null
----
create index users_created_at_idx on backend_auth.users (created_at, id)
----
create table backend_auth.refresh_tokens (
    user_id uuid not null,
    id uuid not null,
    session_id uuid not null,
    token_hash bytea not null check (length(token_hash) = 32),
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (user_id, id),
    foreign key (user_id, session_id) references backend_auth.sessions (user_id, id) on delete cascade
)
----
create unique index refresh_tokens_token_hash_key on backend_auth.refresh_tokens (token_hash)
----
create index refresh_tokens_session_idx on backend_auth.refresh_tokens (user_id, session_id)
----
create table backend_entities.entities (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    name text not null check (length(name) between 1 and 500),
    type text not null check (length(type) between 1 and 64),
    confidence double precision not null check (confidence between 0 and 1),
    source text check (length(source) <= 2000),
    source_type text check (length(source_type) <= 64),
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    aliases text[] not null default '{}',
    is_active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    search tsvector generated always as (backend_entities.searchable(name, aliases)) stored,
    primary key (user_id, id)
)
----
create index entities_created_at_idx on backend_entities.entities (user_id, created_at, id)
----
create index entities_updated_at_idx on backend_entities.entities (user_id, updated_at, id)
----
create index entities_name_idx on backend_entities.entities (user_id, name, id)
----
create index entities_type_idx on backend_entities.entities (user_id, type, created_at, id)
----
create index entities_confidence_idx on backend_entities.entities (user_id, confidence, id)
----
create index entities_search_idx on backend_entities.entities using gin (search)
----
create index entities_metadata_idx on backend_entities.entities using gin (metadata jsonb_path_ops)
----
-- Under which key an extracted name finds its entity. A claim: two extractions of one name meet here.
create table backend_entities.entity_keys (
    user_id uuid not null,
    type text not null,
    key text not null check (length(key) between 1 and 500),
    entity_id uuid not null,
    primary key (user_id, type, key),
    foreign key (user_id, entity_id) references backend_entities.entities (user_id, id) on delete cascade
)
----
create index entity_keys_entity_idx on backend_entities.entity_keys (user_id, entity_id)
----
create table backend_entities.relationships (
    user_id uuid not null,
    id uuid not null,
    source_entity_id uuid not null,
    target_entity_id uuid not null,
    type text not null check (length(type) between 1 and 64),
    confidence double precision not null check (confidence between 0 and 1),
    source text check (length(source) <= 2000),
    source_type text check (length(source_type) <= 64),
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    is_active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    primary key (user_id, id),
    constraint relationships_source_fkey foreign key (user_id, source_entity_id)
        references backend_entities.entities (user_id, id) on delete cascade,
    constraint relationships_target_fkey foreign key (user_id, target_entity_id)
        references backend_entities.entities (user_id, id) on delete cascade
)
----
create unique index relationships_edge_key on backend_entities.relationships
    (user_id, source_entity_id, target_entity_id, type) where is_active
----
create index relationships_source_idx on backend_entities.relationships (user_id, source_entity_id)
    include (target_entity_id, type, confidence, id) where is_active
----
create index relationships_target_idx on backend_entities.relationships (user_id, target_entity_id)
    include (source_entity_id, type, confidence, id) where is_active
----
create index relationships_created_at_idx on backend_entities.relationships (user_id, created_at, id)
----
create index relationships_updated_at_idx on backend_entities.relationships (user_id, updated_at, id)
----
create index relationships_confidence_idx on backend_entities.relationships (user_id, confidence, id)
----
create index relationships_type_idx on backend_entities.relationships (user_id, type, created_at, id)
----
create table backend_documents.documents (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    title text not null check (length(title) between 1 and 500),
    content text not null,
    content_hash bytea not null check (length(content_hash) = 32),
    media_type text not null default 'text/plain',
    source text check (length(source) <= 2000),
    source_type text check (length(source_type) <= 64),
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    tags text[] not null default '{}',
    status text not null default 'pending' check (status in ('pending', 'processed', 'failed')),
    version bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    processed_at timestamptz,
    primary key (user_id, id),
    constraint documents_content_hash_key unique (user_id, content_hash)
)
----
create index documents_created_at_idx on backend_documents.documents (user_id, created_at, id)
----
create index documents_title_idx on backend_documents.documents (user_id, title, id)
----
create table backend_documents.chunks (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    document_id uuid,
    ordinal integer not null check (ordinal >= 0),
    start_offset integer not null check (start_offset >= 0),
    end_offset integer not null check (end_offset >= start_offset),
    content text not null check (length(content) >= 1),
    embedding vector(384) not null,
    embedder text not null,
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz not null,
    search tsvector generated always as (to_tsvector('english', content)) stored,
    primary key (user_id, id),
    constraint chunks_ordinal_key unique (user_id, document_id, ordinal),
    foreign key (user_id, document_id) references backend_documents.documents (user_id, id) on delete cascade
)
----
create index chunks_search_idx on backend_documents.chunks using gin (search)
----
create table backend_extraction.jobs (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    status text not null check (status in ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
    options jsonb not null default '{}',
    total integer not null check (total >= 0),
    succeeded integer not null default 0,
    failed integer not null default 0,
    cancelled integer not null default 0,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (user_id, id),
    check (succeeded + failed + cancelled <= total)
)
----
create index jobs_created_at_idx on backend_extraction.jobs (user_id, created_at, id)
----
create table backend_extraction.job_items (
    user_id uuid not null,
    id uuid not null,
    job_id uuid not null,
    document_id uuid,
    status text not null check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    attempts integer not null default 0,
    failures integer not null default 0,
    error text,
    entities integer not null default 0,
    relationships integer not null default 0,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (user_id, id),
    foreign key (user_id, job_id) references backend_extraction.jobs (user_id, id) on delete cascade,
    foreign key (user_id, document_id) references backend_documents.documents (user_id, id)
        on delete set null (document_id)
)
----
create index job_items_job_idx on backend_extraction.job_items (user_id, job_id, id)
----
create index job_items_document_idx on backend_extraction.job_items (user_id, document_id)
----
create table backend_extraction.mentions (
    user_id uuid not null,
    id uuid not null,
    entity_id uuid not null,
    document_id uuid not null,
    chunk_id uuid,
    start_offset integer not null check (start_offset >= 0),
    end_offset integer not null check (end_offset > start_offset),
    text text not null,
    confidence double precision not null check (confidence between 0 and 1),
    extractor text not null,
    created_at timestamptz not null,
    primary key (user_id, id),
    constraint mentions_place_key unique (user_id, document_id, entity_id, start_offset, end_offset),
    foreign key (user_id, entity_id) references backend_entities.entities (user_id, id) on delete cascade,
    foreign key (user_id, document_id) references backend_documents.documents (user_id, id) on delete cascade,
    foreign key (user_id, chunk_id) references backend_documents.chunks (user_id, id) on delete set null (chunk_id)
)
----
create index mentions_entity_idx on backend_extraction.mentions (user_id, entity_id, id)
----
create index mentions_chunk_idx on backend_extraction.mentions (user_id, chunk_id)
----
create table backend_extraction.evidence (
    user_id uuid not null,
    id uuid not null,
    relationship_id uuid not null,
    document_id uuid not null,
    chunk_id uuid,
    start_offset integer not null check (start_offset >= 0),
    end_offset integer not null check (end_offset > start_offset),
    confidence double precision not null check (confidence between 0 and 1),
    extractor text not null,
    created_at timestamptz not null,
    primary key (user_id, id),
    constraint evidence_place_key unique (user_id, document_id, relationship_id, start_offset, end_offset),
    foreign key (user_id, relationship_id)
        references backend_entities.relationships (user_id, id) on delete cascade,
    foreign key (user_id, document_id) references backend_documents.documents (user_id, id) on delete cascade,
    foreign key (user_id, chunk_id) references backend_documents.chunks (user_id, id) on delete set null (chunk_id)
)
----
create index evidence_relationship_idx on backend_extraction.evidence (user_id, relationship_id, id)
----
create index evidence_chunk_idx on backend_extraction.evidence (user_id, chunk_id)
----
-- Outbox and event log in one. `sequence` is the order of insertion, in which commits may overtake each
-- other; `position` is given by the relay alone, to committed rows, without gaps.
create table backend_operations.events (
    user_id uuid not null,
    id uuid not null,
    sequence bigint generated always as identity,
    type text not null,
    subject uuid not null,
    data jsonb not null,
    occurred_at timestamptz not null,
    request_id text not null,
    traceparent text,
    position bigint,
    primary key (user_id, id)
)
----
create index events_unpositioned_idx on backend_operations.events (sequence) where position is null
----
create unique index events_position_key on backend_operations.events (position)
----
create index events_user_position_idx on backend_operations.events (user_id, position)
----
-- The last position given, and the last one handed to the transport: all before it were, in order.
create table backend_operations.event_head (
    only_row boolean primary key default true check (only_row),
    position bigint not null default 0,
    published bigint not null default 0 check (published <= position)
)
----
insert into backend_operations.event_head default values
----
create table backend_operations.inbox (
    user_id uuid not null,
    handler text not null,
    message_id uuid not null,
    handled_at timestamptz not null default now(),
    primary key (user_id, handler, message_id)
)
----
create table backend_operations.idempotency_keys (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    key bytea not null check (length(key) = 32),
    fingerprint bytea not null check (length(fingerprint) = 32),
    resource_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (user_id, key)
)
----
create table backend_operations.audit_logs (
    user_id uuid not null,
    id uuid not null,
    actor_id uuid not null,
    action text not null,
    resource_id uuid not null,
    outcome text not null default 'success' check (outcome in ('success', 'failure')),
    address text,
    request_id text not null,
    occurred_at timestamptz not null,
    primary key (user_id, id)
)
----
create index audit_logs_occurred_at_idx on backend_operations.audit_logs (user_id, occurred_at, id)
----
create table backend_operations.message_queues (
    queue text primary key,
    topics text[] not null
)
----
create table backend_operations.messages (
    queue text not null references backend_operations.message_queues (queue) on delete cascade,
    id uuid not null,
    position bigint not null,
    body jsonb not null,
    enqueued_at timestamptz not null default now(),
    available_at timestamptz not null default now(),
    failures integer not null default 0,
    deliveries integer not null default 0,
    lease_token uuid,
    leased_until timestamptz,
    error text,
    dead_at timestamptz,
    primary key (queue, id)
)
----
create index messages_available_idx on backend_operations.messages (queue, position)
    where dead_at is null
----
create index messages_due_idx on backend_operations.messages (queue, available_at) where dead_at is null
----
-- Opens a unit of work in one message: becomes the user and, where the request brings an idempotency key
-- (its SHA-256), refuses it while the first one runs (KG001), for another request (KG002), or names what
-- the first one made (KG003, the id in the detail).
create function backend_operations.begin_work(tenant uuid, idempotency_key bytea, request_fingerprint bytea)
returns void language plpgsql volatile as $$
declare
    known record;
begin
    perform set_config('app.user_id', tenant::text, true);
    if idempotency_key is null then
        return;
    end if;
    if not pg_try_advisory_xact_lock(hashtextextended(tenant::text || encode(idempotency_key, 'hex'), 0)) then
        raise exception 'the idempotency key is in use' using errcode = 'KG001';
    end if;
    select k.fingerprint, k.resource_id into known from backend_operations.idempotency_keys k
        where k.user_id = tenant and k.key = idempotency_key;
    if not found then
        return;
    end if;
    if known.fingerprint <> request_fingerprint then
        raise exception 'the idempotency key was used for another request' using errcode = 'KG002';
    end if;
    raise exception 'the idempotency key was used' using errcode = 'KG003', detail = known.resource_id::text;
end
$$
----
-- Gives committed events their places, in order of insertion, and tells whoever follows. Two relays cannot
-- run this at once: the head's row is locked first.
create function backend_operations.assign_positions(batch integer) returns integer
language plpgsql volatile as $$
declare
    base bigint;
    given integer;
begin
    perform set_config('app.scope', 'relay', true);
    select h.position into base from backend_operations.event_head h for update;
    update backend_operations.events e set position = base + b.place
        from (
            select u.user_id, u.id, row_number() over (order by u.sequence) as place
            from (
                select user_id, id, sequence from backend_operations.events
                where position is null order by sequence limit batch
            ) u
        ) b
        where e.user_id = b.user_id and e.id = b.id;
    get diagnostics given = row_count;
    if given > 0 then
        update backend_operations.event_head h set position = base + given;
        perform pg_notify('kgl_events', (base + given)::text);
    end if;
    return given;
end
$$
