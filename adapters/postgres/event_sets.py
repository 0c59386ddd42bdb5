"""Events and audit rows of many changes at once, made where the changed rows are."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.shared.principal import Principal

# The parameters of `recorded`; those of its select begin here.
FIRST_OWN_PARAMETER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecorder:
    """On whose behalf the changes are made: what a unit of work says of each of its events."""

    principal: Principal

    def arguments(self) -> Sequence[object]:
        """The first arguments of a statement made by `recorded`."""
        principal, trace = self.principal, self.principal.trace
        actor = principal.actor_id or principal.user_id
        return (principal.user_id, trace.request_id, trace.traceparent, actor, trace.address)


def recorded(told: str) -> str:
    """A statement that announces, and audits, what a select tells: `type`, `subject`, `data`, `occurred_at`.

    One event each, in the order of the select, as `UnitOfWork.record` would write them; no row leaves the
    database.
    """
    return f"""
with told as materialized (
    {told}
), logged as (
    insert into backend_operations.events
        (user_id, id, type, subject, data, occurred_at, request_id, traceparent)
    select $1, backend_operations.new_id(), type, subject, data, occurred_at, $2, $3 from told
)
insert into backend_operations.audit_logs
    (user_id, id, actor_id, action, resource_id, outcome, address, request_id, occurred_at)
select $1, backend_operations.new_id(), $4, type, subject, 'success', $5, $2, occurred_at from told
"""
