"""Which handler works on which queue: a message becomes the command of one use case."""

from collections.abc import Awaitable, Callable, Sequence

from application.extraction.extract_document import ExtractDocumentCommand
from application.extraction.when_document_added_request_extraction import DocumentAddedNotice
from application.shared.messages import Handler, Message, Subscription
from application.shared.principal import Principal, Role, Trace
from domain.shared.errors import AlreadyHandled
from domain.shared.ids import DocumentId, JobItemId
from entrypoints.container import Container
from entrypoints.subscriptions import REQUEST_EXTRACTION, RUN_EXTRACTION


def principal_of(message: Message) -> Principal:
    """On whose behalf a message is handled: its user, with no more rights than a user has."""
    trace = Trace(request_id=message.request_id, traceparent=message.traceparent)
    return Principal(user_id=message.user_id, role=Role.USER, trace=trace)


def once(handle: Callable[[Message], Awaitable[None]]) -> Handler:
    """A handler for which a message that was handled before is simply done."""

    async def handler(message: Message) -> None:
        try:
            await handle(message)
        except AlreadyHandled:
            return

    return handler


def handlers(container: Container) -> Sequence[tuple[Subscription, Handler]]:
    """Every queue with its handler."""
    request_extraction = container.when_document_added_request_extraction()
    extract_document = container.extract_document()

    async def document_added(message: Message) -> None:
        await request_extraction(
            DocumentAddedNotice(
                principal=principal_of(message),
                message_id=message.id,
                document_id=DocumentId(message.subject),
            )
        )

    async def extraction_requested(message: Message) -> None:
        await extract_document(
            ExtractDocumentCommand(
                principal=principal_of(message),
                message_id=message.id,
                item_id=JobItemId(message.subject),
            )
        )

    return [
        (REQUEST_EXTRACTION, once(document_added)),
        (RUN_EXTRACTION, once(extraction_requested)),
    ]
