-- The digest first, which names the columns. Rows that said something there no longer match their seals.
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
        || backend_operations.audit_field((extract(epoch from entry.occurred_at) * 1000000)::bigint::text),
        'UTF8'))
$$
----
drop policy refusals on backend_operations.audit_logs
----
alter table backend_operations.audit_logs drop column last_occurred_at, drop column occurrences,
    drop column operation, drop column reason
