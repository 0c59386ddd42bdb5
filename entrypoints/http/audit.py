"""The audit log over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from application.operations.queries import (
    AUDIT_SORTS,
    AuditFilter,
    AuditQueries,
    AuditRecordView,
    AuditView,
)
from application.shared.permissions import Permission
from domain.shared.ids import UserId
from entrypoints.http.operation import Call, Operation, PageQuery, Reply

ORDER = "Sorts: occurred_at, also with a leading `-`; default `-occurred_at`. Times are exclusive."


class AuditQuery(PageQuery, kw_only=True):
    """Only rows that meet all that is given."""

    action: str | None = None
    resource_id: UUID | None = None
    outcome: Literal["success", "failure"] | None = None
    occurred_after: datetime | None = None
    occurred_before: datetime | None = None


class AdminAuditQuery(AuditQuery, kw_only=True):
    """`user_id` owns the thing, `actor_id` acted on it."""

    actor_id: UUID | None = None
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOverHttp:
    """The queries these operations call."""

    queries: AuditQueries

    async def own(self, call: Call[None, AuditQuery]) -> Reply:
        query = call.query
        wanted = AuditFilter(
            action=query.action,
            resource_id=query.resource_id,
            outcome=query.outcome,
            occurred_after=query.occurred_after,
            occurred_before=query.occurred_before,
        )
        asked = call.page(AUDIT_SORTS, "-occurred_at")
        page = await self.queries.own(call.principal.user_id, wanted, asked)
        return Reply(data=page.rows, next=page.next)

    async def everybody(self, call: Call[None, AdminAuditQuery]) -> Reply:
        query = call.query
        wanted = AuditFilter(
            user_id=None if query.user_id is None else UserId(query.user_id),
            actor_id=None if query.actor_id is None else UserId(query.actor_id),
            action=query.action,
            resource_id=query.resource_id,
            outcome=query.outcome,
            occurred_after=query.occurred_after,
            occurred_before=query.occurred_before,
        )
        page = await self.queries.everybody(wanted, call.page(AUDIT_SORTS, "-occurred_at"))
        return Reply(data=page.rows, next=page.next)


def operations(over_http: AuditOverHttp) -> Sequence[Operation[Any, Any]]:
    """One's own rows, and everybody's."""
    return [
        Operation(
            method="GET",
            path="/audit-logs",
            handler=over_http.own,
            summary="List what was done to one's own things",
            tag="operations",
            permission=Permission.AUDIT_READ,
            query=AuditQuery,
            reply=list[AuditView],
            description=ORDER,
        ),
        Operation(
            method="GET",
            path="/admin/audit-logs",
            handler=over_http.everybody,
            summary="List what was done to anybody's things",
            tag="operations",
            permission=Permission.AUDIT_ADMINISTER,
            query=AdminAuditQuery,
            reply=list[AuditRecordView],
            description=ORDER + " A row without a `seal` was written moments ago.",
        ),
    ]
