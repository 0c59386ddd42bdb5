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
