create table backend_auth.provider_credentials (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    provider text not null check (length(provider) between 1 and 64),
    masked text not null check (length(masked) between 1 and 32),
    sealed bytea not null check (length(sealed) between 32 and 4096),
    key_id text not null check (length(key_id) between 1 and 64),
    version bigint not null,
    checked_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (user_id, id),
    constraint provider_credentials_provider_key unique (user_id, provider)
)
----
-- Who changes the sealing keys walks through what the present one does not open.
create index provider_credentials_key_id_idx on backend_auth.provider_credentials (key_id, id)
----
alter table backend_auth.provider_credentials enable row level security
----
alter table backend_auth.provider_credentials force row level security
----
create policy tenant on backend_auth.provider_credentials
    using (user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))
    with check (user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))
----
-- Finds them for everybody, sealed as they are; each is written by its own user's transaction.
create policy resealing on backend_auth.provider_credentials for select
    using ((select current_setting('app.scope', true)) = 'resealing')
