drop policy refusals on backend_operations.audit_logs
----
alter table backend_operations.audit_logs drop column last_occurred_at, drop column occurrences,
    drop column operation, drop column reason
