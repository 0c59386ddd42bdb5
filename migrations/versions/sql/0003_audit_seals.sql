alter table backend_operations.audit_logs add column seal bigint, add column place integer,
    add constraint audit_logs_sealed_check check ((seal is null) = (place is null))
----
create index audit_logs_unsealed_idx on backend_operations.audit_logs (id) where seal is null
----
create index audit_logs_seal_idx on backend_operations.audit_logs (seal, place) where seal is not null
----
create index audit_logs_all_idx on backend_operations.audit_logs (occurred_at, id)
----
-- One row for a batch of audit rows: their digests in order, and what ties it to the one before.
create table backend_operations.audit_seals (
    number bigint primary key check (number >= 1),
    day date not null,
    sequence integer not null check (sequence >= 1),
    digests bytea not null check (length(digests) >= 32 and length(digests) % 32 = 0),
    previous bytea not null check (length(previous) = 32),
    digest bytea not null check (length(digest) = 32),
    sealed_at timestamptz not null default now(),
    constraint audit_seals_day_key unique (day, sequence)
)
----
-- An administrator, and who verifies the log, read all users' rows.
create policy audit on backend_operations.audit_logs for select
    using ((select current_setting('app.scope', true)) = 'audit')
----
create policy sealing_read on backend_operations.audit_logs for select
    using ((select current_setting('app.scope', true)) = 'sealing')
----
-- The one change a row can see: from unsealed to sealed. No login but the owner may UPDATE at all.
create policy sealing on backend_operations.audit_logs for update
    using ((select current_setting('app.scope', true)) = 'sealing' and seal is null)
    with check ((select current_setting('app.scope', true)) = 'sealing' and seal is not null)
----
-- A text that cannot run into its neighbours.
create function backend_operations.audit_field(value text) returns text
language sql immutable parallel safe as $$
    select case when value is null then '~' else octet_length(value) || ':' || value || ',' end
$$
----
-- The same bytes as domain/operations/seals.py reads, which verifies without this function.
create function backend_operations.audit_digest(entry backend_operations.audit_logs) returns bytea
language sql stable as $$
    select sha256(convert_to(
        backend_operations.audit_field(entry.user_id::text)
        || backend_operations.audit_field(entry.id::text)
        || backend_operations.audit_field(entry.actor_id::text)
        || backend_operations.audit_field(entry.action)
        || backend_operations.audit_field(entry.resource_id::text)
        || backend_operations.audit_field(entry.outcome)
        || backend_operations.audit_field(entry.address)
        || backend_operations.audit_field(entry.request_id)
        || backend_operations.audit_field((extract(epoch from entry.occurred_at) * 1000000)::bigint::text),
        'UTF8'))
$$
----
-- Seals up to `batch` committed rows, and says how many; 0 when there are none, or another process seals.
-- It runs as the owner, because the runtime login must not be able to UPDATE the log.
create function backend_operations.seal_audit(batch integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    last backend_operations.audit_seals;
    today date;
    following integer;
    preceding bytea;
    digests bytea;
    given integer;
begin
    -- "audit" in ASCII: two that seal at once would both follow the same seal.
    if not pg_try_advisory_xact_lock(418581342580) then
        return 0;
    end if;
    perform set_config('app.scope', 'sealing', true);
    select * into last from backend_operations.audit_seals s order by s.number desc limit 1;
    with chosen as (
        select u.user_id, u.id, u.digest, row_number() over (order by u.id, u.user_id) as place
        from (
            select a.user_id, a.id, backend_operations.audit_digest(a) as digest
            from backend_operations.audit_logs a where a.seal is null order by a.id limit batch
        ) u
    ), sealed as (
        update backend_operations.audit_logs a set seal = coalesce(last.number, 0) + 1, place = c.place
        from chosen c where a.user_id = c.user_id and a.id = c.id
    )
    select count(*), string_agg(c.digest, ''::bytea order by c.place) into given, digests from chosen c;
    if given > 0 then
        today := greatest(last.day, (now() at time zone 'UTC')::date);
        following := case when last.day = today then last.sequence + 1 else 1 end;
        preceding := coalesce(last.digest, decode(repeat('00', 32), 'hex'));
        insert into backend_operations.audit_seals (number, day, sequence, digests, previous, digest)
        values (
            coalesce(last.number, 0) + 1, today, following, digests, preceding,
            sha256(preceding || convert_to(concat(
                coalesce(last.number, 0) + 1, ',', to_char(today, 'YYYY-MM-DD'), ',', following, ',', given, ','
            ), 'UTF8') || digests)
        );
    end if;
    perform set_config('app.scope', '', true);
    return given;
end
$$
