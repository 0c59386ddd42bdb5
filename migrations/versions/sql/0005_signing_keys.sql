-- The keys tokens are signed with, sealed under a key the database never sees. They are nobody's rows: no
-- login but the owner has any right to the table, the runtime login has the two functions below.
create table backend_auth.signing_keys (
    kid text primary key check (length(kid) between 1 and 128),
    state text not null check (state in ('next', 'current', 'retired')),
    sealed bytea not null check (length(sealed) between 1 and 1024),
    created_at timestamptz not null,
    activated_at timestamptz,
    expires_at timestamptz,
    constraint signing_keys_active_check check ((state = 'next') = (activated_at is null)),
    constraint signing_keys_retired_check check ((state = 'retired') = (expires_at is not null))
)
----
create unique index signing_keys_one_each on backend_auth.signing_keys (state) where state <> 'retired'
----
alter table backend_auth.signing_keys enable row level security
----
alter table backend_auth.signing_keys force row level security
----
create policy signing on backend_auth.signing_keys
    using ((select current_setting('app.scope', true)) = 'signing')
    with check ((select current_setting('app.scope', true)) = 'signing')
----
create function backend_auth.read_signing_keys() returns setof backend_auth.signing_keys
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform set_config('app.scope', 'signing', true);
    return query select * from backend_auth.signing_keys;
    perform set_config('app.scope', '', true);
end
$$
----
-- Puts these keys in place of those the caller has `seen` ("kid state", in any order), all or none; false when
-- they are not the ones that are there. So a rotation, and a first start, happens once whoever else tries.
create function backend_auth.replace_signing_keys(
    seen text[], kids text[], states text[], sealed_keys bytea[],
    created timestamptz[], activated timestamptz[], expires timestamptz[]
) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    done boolean;
begin
    -- "keys" in ASCII. Waiting, unlike failing, lets the second of two starts find what the first one made.
    perform pg_advisory_xact_lock(1801812339);
    perform set_config('app.scope', 'signing', true);
    done := (
        select coalesce(array_agg(k.kid || ' ' || k.state order by k.kid || ' ' || k.state collate "C"), '{}')
        from backend_auth.signing_keys k
    ) = (
        select coalesce(array_agg(s order by s collate "C"), '{}') from unnest(seen) as s
    );
    if done then
        delete from backend_auth.signing_keys;
        insert into backend_auth.signing_keys (kid, state, sealed, created_at, activated_at, expires_at)
        select * from unnest(kids, states, sealed_keys, created, activated, expires);
    end if;
    perform set_config('app.scope', '', true);
    return done;
end
$$
