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
