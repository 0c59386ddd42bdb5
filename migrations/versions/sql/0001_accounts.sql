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
