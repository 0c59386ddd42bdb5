"""What a consumer says to the messages table; every outcome holds only under the lease it was made in."""

from adapters.postgres.messages import CHANNEL

CLAIM = """
with ready as (
    select queue, id from backend_operations.messages
    where queue = $1 and dead_at is null and available_at <= now()
        and (leased_until is null or leased_until < now())
    order by position
    limit $2
    for update skip locked
)
update backend_operations.messages m
set lease_token = $3, leased_until = now() + $4, deliveries = m.deliveries + 1
from ready where m.queue = ready.queue and m.id = ready.id
returning m.queue, m.id, m.position, m.body, m.failures, m.deliveries, m.error
"""
NEXT_DUE = """
select extract(epoch from min(due.available_at) - clock_timestamp())::float8
from unnest($1::text[]) as q(queue)
cross join lateral (
    select available_at from backend_operations.messages
    where queue = q.queue and dead_at is null and available_at > now()
    order by available_at limit 1
) as due
"""
RENEW = """
update backend_operations.messages m set leased_until = now() + $4
from unnest($1::text[], $2::uuid[]) as held(queue, id)
where m.queue = held.queue and m.id = held.id and m.lease_token = $3
"""
MINE = "where queue = $1 and id = $2 and lease_token = $3"
DONE = f"delete from backend_operations.messages {MINE}"
RETRY = f"""
update backend_operations.messages
set failures = $4, error = $5, available_at = now() + $6, deliveries = 0,
    lease_token = null, leased_until = null
{MINE}
"""
BURY = f"""
update backend_operations.messages
set failures = $4, error = $5, dead_at = now(), lease_token = null, leased_until = null
{MINE}
"""
GIVE_BACK = f"""
with given as (
    update backend_operations.messages set lease_token = null, leased_until = null {MINE} returning queue
)
select pg_notify('{CHANNEL}', given.queue) from given
"""
