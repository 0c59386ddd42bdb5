drop function if exists backend_operations.assign_positions(integer)
----
drop function if exists backend_operations.begin_work(uuid, bytea, bytea)
----
drop function backend_operations.act_as(uuid)
----
drop function backend_operations.act_within(text)
