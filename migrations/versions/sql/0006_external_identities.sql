-- An account that was opened by a login with a provider has no password.
alter table backend_auth.users alter column password_hash drop not null
----
-- What a step back made of such accounts is undone; the scope is left again for the steps that follow.
select backend_operations.act_within('authentication')
----
update backend_auth.users set password_hash = null where password_hash = ''
----
select backend_operations.act_within('')
----
create table backend_auth.external_identities (
    user_id uuid not null references backend_auth.users (id) on delete cascade,
    id uuid not null,
    provider text not null check (length(provider) between 1 and 64),
    issuer text not null check (length(issuer) between 1 and 2000),
    subject text not null check (length(subject) between 1 and 255),
    email text not null check (length(email) between 3 and 254),
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    primary key (user_id, id),
    -- OpenID Connect Core 1.0, 5.7: these two together, and nothing else, name a person for good.
    constraint external_identities_subject_key unique (issuer, subject)
)
----
-- Logins that were finished, by the SHA-256 of their state; they are nobody's yet when they are.
create table backend_auth.spent_logins (
    state_hash bytea primary key check (length(state_hash) = 32),
    expires_at timestamptz not null
)
----
create index spent_logins_expires_at_idx on backend_auth.spent_logins (expires_at)
