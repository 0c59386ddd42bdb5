drop function backend_operations.seal_audit(integer)
----
drop function backend_operations.audit_digest(backend_operations.audit_logs)
----
drop function backend_operations.audit_field(text)
----
drop policy sealing on backend_operations.audit_logs
----
drop policy sealing_read on backend_operations.audit_logs
----
drop policy audit on backend_operations.audit_logs
----
drop index backend_operations.audit_logs_all_idx
----
drop table backend_operations.audit_seals
----
alter table backend_operations.audit_logs drop column place, drop column seal
