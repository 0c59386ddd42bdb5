"""Which handler works on which queue: a message becomes the command of one use case."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from application.extraction.extract_document import ExtractDocumentCommand
from application.extraction.when_document_added_request_extraction import DocumentAddedNotice
from application.graph.run_graph_job import RunGraphJobCommand
from application.graph.when_document_processed_merge_duplicates import DocumentProcessedNotice
from application.shared.messages import Handler, Message, Subscription
from application.shared.principal import Principal, Role, Trace
from domain.shared.errors import AccountGone, AlreadyHandled
from domain.shared.ids import DocumentId, GraphJobId, JobItemId
from entrypoints.container import Container
from entrypoints.subscriptions import (
    MERGE_DUPLICATES,
    REQUEST_EXTRACTION,
    RUN_EXTRACTION,
    RUN_GRAPH_JOB,
)

log = structlog.get_logger()

Command = TypeVar("Command")


def principal_of(message: Message) -> Principal:
    """On whose behalf a message is handled: its user, with no more rights than a user has."""
    trace = Trace(request_id=message.request_id, traceparent=message.traceparent)
    return Principal(user_id=message.user_id, role=Role.USER, trace=trace)


def logged(queue: str, handle: Callable[[Message], Awaitable[None]]) -> Handler:
    """A handler whose every delivery leaves one line. A message that was handled before is simply done,
    and so is one of an account that was deleted meanwhile."""

    async def handler(message: Message) -> None:
        trace_id = message.traceparent[3:35] if message.traceparent else None
        begun = time.perf_counter()
        with bound_contextvars(
            user_id=str(message.user_id), request_id=message.request_id, trace_id=trace_id
        ):
            line = log.bind(queue=queue, type=message.type, subject=str(message.subject))
            try:
                await handle(message)
            except AlreadyHandled:
                line.info("message_repeated")
            except AccountGone:
                line.info("message_obsolete")
            except Exception as error:
                line.warning("message_failed", error=f"{type(error).__name__}: {error}", exc_info=True)
                raise
            else:
                line.info("message_handled", duration_ms=round((time.perf_counter() - begun) * 1000, 1))

    return handler


def about(
    use_case: Callable[[Command], Awaitable[object]],
    command: Callable[[Principal, Message], Command],
) -> Callable[[Message], Awaitable[None]]:
    """Carries a message to a use case, as the command it becomes."""

    async def handle(message: Message) -> None:
        await use_case(command(principal_of(message), message))

    return handle


def handlers(container: Container) -> Sequence[tuple[Subscription, Handler]]:
    """Every queue with its handler."""
    handled = {
        REQUEST_EXTRACTION: about(
            container.when_document_added_request_extraction(),
            lambda who, message: DocumentAddedNotice(
                principal=who, message_id=message.id, document_id=DocumentId(message.subject)
            ),
        ),
        RUN_EXTRACTION: about(
            container.extract_document(),
            lambda who, message: ExtractDocumentCommand(
                principal=who, message_id=message.id, item_id=JobItemId(message.subject)
            ),
        ),
        RUN_GRAPH_JOB: about(
            container.run_graph_job(),
            lambda who, message: RunGraphJobCommand(
                principal=who, message_id=message.id, job_id=GraphJobId(message.subject)
            ),
        ),
        MERGE_DUPLICATES: about(
            container.when_document_processed_merge_duplicates(),
            lambda who, message: DocumentProcessedNotice(
                principal=who, message_id=message.id, document_id=DocumentId(message.subject)
            ),
        ),
    }
    return [(subscription, logged(subscription.queue, handle)) for subscription, handle in handled.items()]
