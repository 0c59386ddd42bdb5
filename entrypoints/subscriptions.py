"""The map of the monolith: which event reaches which handler, inside a commit or through the transport."""

from collections.abc import Sequence

from application.operations.when_anything_happens_audit import audit
from application.shared.messages import Subscription
from application.shared.ports import AuditSubscriber

# Inside commit(), in the same transaction.
IN_PROCESS: AuditSubscriber = audit

REQUEST_EXTRACTION = Subscription(queue="extraction.request", topics=("document.added",))
RUN_EXTRACTION = Subscription(queue="extraction.run", topics=("extraction.requested",))
RUN_GRAPH_JOB = Subscription(queue="graph.run", topics=("graph_job.queued",))
MERGE_DUPLICATES = Subscription(queue="graph.merge_duplicates", topics=("document.processed",))

# Through the outbox and the transport.
SUBSCRIPTIONS: Sequence[Subscription] = (
    REQUEST_EXTRACTION,
    RUN_EXTRACTION,
    RUN_GRAPH_JOB,
    MERGE_DUPLICATES,
)
