drop policy purging on backend_auth.socket_tickets
----
drop policy purging on backend_auth.refresh_tokens
----
drop policy purging on backend_auth.sessions
----
drop policy purging on backend_operations.inbox
----
drop policy purging on backend_operations.messages
----
drop policy purging on backend_operations.idempotency_keys
----
drop policy purging on backend_operations.events
----
drop policy purging_read on backend_operations.events
----
drop index backend_auth.socket_tickets_expires_at_idx
----
drop index backend_auth.refresh_tokens_expires_at_idx
----
drop index backend_auth.sessions_ended_at_idx
----
drop index backend_operations.inbox_handled_at_idx
----
drop index backend_operations.idempotency_keys_created_at_idx
----
alter table backend_operations.event_head drop column purged
