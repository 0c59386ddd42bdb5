drop function backend_auth.change_signing_keys(
    text[], text[], text[], bytea[], timestamptz[], timestamptz[], timestamptz[], uuid, text, timestamptz, text)
----
drop policy signing_keys on backend_operations.audit_logs
