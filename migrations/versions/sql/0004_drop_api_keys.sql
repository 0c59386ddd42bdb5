drop function backend_auth.take_socket_ticket(bytea, timestamptz)
----
drop function backend_auth.use_api_key(text, uuid, bytea, timestamptz)
----
drop table backend_auth.socket_tickets
----
drop table backend_auth.api_keys
