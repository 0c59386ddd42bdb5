drop table backend_auth.spent_logins
----
drop table backend_auth.external_identities
----
-- Empty matches no password; the scope is left again, because other steps may follow in this transaction.
select backend_operations.act_within('authentication')
----
update backend_auth.users set password_hash = '' where password_hash is null
----
select backend_operations.act_within('')
----
alter table backend_auth.users alter column password_hash set not null
