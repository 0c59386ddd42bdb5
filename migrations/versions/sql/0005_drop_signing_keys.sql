drop function backend_auth.replace_signing_keys(
    text[], text[], text[], bytea[], timestamptz[], timestamptz[], timestamptz[]
)
----
drop function backend_auth.read_signing_keys()
----
drop table backend_auth.signing_keys
