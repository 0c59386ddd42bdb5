"""Writes down every change in the transaction that makes it, so that no change is without its record."""

from application.shared.principal import Principal
from domain.operations.audit import AuditEntry
from domain.shared.events import DomainEvent


def audit(event: DomainEvent, principal: Principal) -> AuditEntry:
    """The audit row of one event. It names things by id alone: no content, no secret."""
    return AuditEntry(
        user_id=event.user_id,
        actor_id=principal.actor_id or principal.user_id,
        action=event.type,
        resource_id=event.subject,
        occurred_at=event.occurred_at,
        outcome=event.outcome,
        request_id=principal.trace.request_id,
        address=principal.trace.address,
        reason=event.audit_reason,
    )
