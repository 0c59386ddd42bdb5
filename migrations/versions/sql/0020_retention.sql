-- Events up to here are gone; nobody may read on from before.
alter table backend_operations.event_head
    add column purged bigint not null default 0,
    add constraint event_head_purged_check check (purged <= published)
----
create index idempotency_keys_created_at_idx on backend_operations.idempotency_keys (created_at)
----
create index inbox_handled_at_idx on backend_operations.inbox (handler, handled_at)
----
create index sessions_ended_at_idx on backend_auth.sessions (least(revoked_at, expires_at))
----
create index refresh_tokens_expires_at_idx on backend_auth.refresh_tokens (expires_at)
----
create index socket_tickets_expires_at_idx on backend_auth.socket_tickets (expires_at)
----
create policy purging_read on backend_operations.events for select
    using ((select current_setting('app.scope', true)) = 'purging')
----
-- What the transport has not confirmed stays, whoever asks.
create policy purging on backend_operations.events for delete
    using ((select current_setting('app.scope', true)) = 'purging'
        and position <= (select h.published from backend_operations.event_head h))
----
create policy purging on backend_operations.idempotency_keys
    using ((select current_setting('app.scope', true)) = 'purging') with check (false)
----
-- An inbox row stays as long as its message is with us and could be handed out again.
create policy purging on backend_operations.inbox
    using ((select current_setting('app.scope', true)) = 'purging'
        and not exists (
            select from backend_operations.messages m where m.queue = inbox.handler and m.id = inbox.message_id
        )
        and not exists (
            select from backend_operations.events e
            where e.user_id = inbox.user_id and e.id = inbox.message_id
                and (e.position is null
                    or e.position > (select h.published from backend_operations.event_head h))
        ))
    with check (false)
----
create policy purging on backend_operations.messages for select
    using ((select current_setting('app.scope', true)) = 'purging')
----
create policy purging on backend_auth.sessions
    using ((select current_setting('app.scope', true)) = 'purging') with check (false)
----
create policy purging on backend_auth.refresh_tokens
    using ((select current_setting('app.scope', true)) = 'purging') with check (false)
----
create policy purging on backend_auth.socket_tickets
    using ((select current_setting('app.scope', true)) = 'purging') with check (false)
