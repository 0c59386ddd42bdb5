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
