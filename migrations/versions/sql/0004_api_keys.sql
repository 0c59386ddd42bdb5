create table backend_auth.api_keys (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    name text not null check (length(name) between 1 and 100),
    prefix text not null check (length(prefix) between 8 and 16),
    secret_hash bytea not null check (length(secret_hash) = 32),
    scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['read', 'write', 'admin']),
    created_at timestamptz not null,
    expires_at timestamptz check (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at timestamptz,
    primary key (user_id, id)
)
----
create unique index api_keys_prefix_key on backend_auth.api_keys (prefix)
----
-- A token that a key got names the key alone.
create unique index api_keys_id_key on backend_auth.api_keys (id)
----
create index api_keys_created_at_idx on backend_auth.api_keys (user_id, created_at, id)
----
create index api_keys_revoked_at_idx on backend_auth.api_keys (revoked_at) where revoked_at is not null
----
create table backend_auth.socket_tickets (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    ticket_hash bytea not null check (length(ticket_hash) = 32),
    session_id uuid,
    api_key_id uuid,
    scopes text[],
    ends_at timestamptz,
    expires_at timestamptz not null,
    primary key (user_id, ticket_hash),
    constraint socket_tickets_holder_check check ((session_id is null) <> (api_key_id is null)),
    -- Without scopes a ticket would be a person's, who may do everything.
    constraint socket_tickets_scopes_check check ((api_key_id is null) = (scopes is null))
)
----
create unique index socket_tickets_ticket_hash_key on backend_auth.socket_tickets (ticket_hash)
----
alter table backend_auth.api_keys enable row level security
----
alter table backend_auth.api_keys force row level security
----
create policy tenant on backend_auth.api_keys
    using (user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))
    with check (user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))
----
create policy authentication on backend_auth.api_keys
    using ((select current_setting('app.scope', true)) = 'authentication')
    with check ((select current_setting('app.scope', true)) = 'authentication')
----
alter table backend_auth.socket_tickets enable row level security
----
alter table backend_auth.socket_tickets force row level security
----
create policy tenant on backend_auth.socket_tickets
    using (user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))
    with check (user_id = (select nullif(current_setting('app.user_id', true), '')::uuid))
----
create policy authentication on backend_auth.socket_tickets
    using ((select current_setting('app.scope', true)) = 'authentication')
    with check ((select current_setting('app.scope', true)) = 'authentication')
----
-- A key with what its account is right now, in one round trip: by its prefix and the SHA-256 of its secret,
-- or by its id for the bearer of a token it got. Notes the use, at most once a minute; to lose that note in
-- a crash is no loss, so nobody waits for the disk.
create function backend_auth.use_api_key(
    wanted_prefix text, wanted_id uuid, digest bytea, use_time timestamptz
) returns table (
    user_id uuid, id uuid, name text, prefix text, scopes text[], created_at timestamptz,
    expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz, role text, is_active boolean
)
language plpgsql volatile as $$
#variable_conflict use_column
declare
    held backend_auth.api_keys;
begin
    perform set_config('app.scope', 'authentication', true);
    if wanted_prefix is not null then
        select * into held from backend_auth.api_keys k
            where k.prefix = wanted_prefix and k.secret_hash = digest;
    elsif digest is not null then
        select * into held from backend_auth.api_keys k where k.id = wanted_id and k.secret_hash = digest;
    else
        select * into held from backend_auth.api_keys k where k.id = wanted_id;
    end if;
    if held.id is not null then
        return query select held.user_id, held.id, held.name, held.prefix, held.scopes, held.created_at,
            held.expires_at, held.last_used_at, held.revoked_at, u.role, u.is_active
            from backend_auth.users u where u.id = held.user_id;
        if held.revoked_at is null and coalesce(held.expires_at > use_time, true)
            and coalesce(held.last_used_at <= use_time - interval '1 minute', true)
        then
            perform set_config('synchronous_commit', 'off', true);
            update backend_auth.api_keys k set last_used_at = use_time
                where k.user_id = held.user_id and k.id in (
                    select l.id from backend_auth.api_keys l
                    where l.user_id = held.user_id and l.id = held.id for no key update skip locked
                );
        end if;
    end if;
    perform set_config('app.scope', '', true);
end
$$
----
-- Uses a ticket up: of any number who bring it at once, one gets a row.
create function backend_auth.take_socket_ticket(digest bytea, use_time timestamptz) returns table (
    user_id uuid, ticket_hash bytea, session_id uuid, api_key_id uuid, scopes text[], ends_at timestamptz,
    expires_at timestamptz, role text, stands boolean
)
language plpgsql volatile as $$
#variable_conflict use_column
begin
    perform set_config('app.scope', 'authentication', true);
    return query
    with taken as (
        delete from backend_auth.socket_tickets t where t.ticket_hash = digest returning t.*
    )
    select t.user_id, t.ticket_hash, t.session_id, t.api_key_id, t.scopes, t.ends_at, t.expires_at, u.role,
        u.is_active and (
            exists (
                select from backend_auth.sessions s
                where s.user_id = t.user_id and s.id = t.session_id
                    and s.revoked_at is null and s.expires_at > use_time
            ) or exists (
                select from backend_auth.api_keys k
                where k.user_id = t.user_id and k.id = t.api_key_id
                    and k.revoked_at is null and coalesce(k.expires_at > use_time, true)
            )
        )
    from taken t join backend_auth.users u on u.id = t.user_id;
    perform set_config('app.scope', '', true);
end
$$
