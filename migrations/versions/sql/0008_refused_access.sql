-- A refusal says why and of what, and stands for all alike within some seconds.
alter table backend_operations.audit_logs
    add column reason text,
    add column operation text,
    add column occurrences integer not null default 1 check (occurrences >= 1),
    add column last_occurred_at timestamptz check (last_occurred_at >= occurred_at)
----
-- Refusals of many accounts, and of nobody known, are written together; nothing else can be in this scope.
create policy refusals on backend_operations.audit_logs for insert
    with check ((select current_setting('app.scope', true)) = 'refusals'
        and action = 'access.refused' and outcome = 'failure')
----
-- A row that says nothing in the new columns keeps the digest under which it was sealed.
create or replace function backend_operations.audit_digest(entry backend_operations.audit_logs) returns bytea
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
        || backend_operations.audit_field((extract(epoch from entry.occurred_at) * 1000000)::bigint::text)
        || case
            when entry.reason is null and entry.operation is null and entry.occurrences = 1
                and entry.last_occurred_at is null then ''
            else backend_operations.audit_field(entry.reason)
                || backend_operations.audit_field(entry.operation)
                || backend_operations.audit_field(entry.occurrences::text)
                || backend_operations.audit_field(
                    (extract(epoch from entry.last_occurred_at) * 1000000)::bigint::text)
        end,
        'UTF8'))
$$
