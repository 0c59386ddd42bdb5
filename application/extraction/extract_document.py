"""Carries out one item of a job: reads its document, writes what was found, and says how it went."""

from dataclasses import dataclass

from application.extraction.job_ports import ClaimedItem, ItemOutcome
from application.extraction.outcomes import explained, is_hopeless, record_finish
from application.extraction.read_document import ReadDocument, ReadingTools, read
from application.extraction.work import ExtractionUnitOfWork
from application.extraction.write_document import WriteDocument, write
from application.shared.messages import RetryPolicy
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.documents.document import Document
from domain.extraction.job import ItemStatus
from domain.shared.errors import AccountGone, AlreadyHandled, Conflict, Unavailable
from domain.shared.ids import EventId, JobItemId

HANDLER = "extraction.run"
COLLISIONS = 3

DOCUMENT_GONE = ItemOutcome(status=ItemStatus.CANCELLED, error="the document was deleted")
CONSUMER_DIED = ItemOutcome(
    status=ItemStatus.FAILED, error="the consumer ended each time it worked on this document"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractDocumentCommand:
    principal: Principal
    message_id: EventId
    item_id: JobItemId


class ExtractDocument:
    """Returns when the item has ended, however; raises what the transport should try again after.

    Failures are counted with the item, in a transaction of their own. At the last one `retry` allows, or
    at once when no retry can help, the item ends as failed and the message is done with. An outage
    (`Unavailable`) is no failure. Raises `AlreadyHandled` for a message that was handled before.
    """

    def __init__(
        self,
        start_work: StartWork[ExtractionUnitOfWork],
        clock: Clock,
        ids: IdGenerator,
        tools: ReadingTools,
        retry: RetryPolicy,
    ) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids
        self._tools = tools
        self._retry = retry

    async def __call__(self, command: ExtractDocumentCommand) -> None:
        claimed = await self._claim(command)
        if claimed is None or claimed.document is None:
            return
        try:
            found = await read(claimed.document, claimed.job.options, self._tools)
            await self._write(command, claimed, claimed.document, found)
        except (AlreadyHandled, AccountGone, Unavailable):
            raise
        except Exception as error:
            if not await self._gave_up(command, error):
                raise

    async def _claim(self, command: ExtractDocumentCommand) -> ClaimedItem | None:
        """The item to work on. None when there is nothing to do, and that is written down already."""
        now = self._clock.now()
        async with self._start_work(command.principal) as work:
            claimed = await work.jobs.claim(command.principal.user_id, command.item_id, now)
            if claimed is not None and claimed.document is None:
                await self._finish(work, command, DOCUMENT_GONE)
            # The transport gives up on a message at so many deliveries, without telling: we do it first.
            elif claimed is not None and claimed.item.attempts >= self._retry.deliveries:
                await self._finish(work, command, CONSUMER_DIED)
                claimed = None
            elif claimed is None:
                work.acknowledge(HANDLER, command.message_id)
            await work.commit()
        return claimed

    async def _write(
        self,
        command: ExtractDocumentCommand,
        claimed: ClaimedItem,
        document: Document,
        found: ReadDocument,
    ) -> None:
        """Writes in one transaction; what collides with another change is tried again at once."""
        for left in reversed(range(COLLISIONS)):
            try:
                return await self._write_once(command, claimed, document, found)
            except Conflict:
                if not left:
                    raise
        return None

    async def _write_once(
        self,
        command: ExtractDocumentCommand,
        claimed: ClaimedItem,
        document: Document,
        found: ReadDocument,
    ) -> None:
        async with self._start_work(command.principal) as work:
            reprocessed = await work.extraction.enter(command.principal.user_id, document.id)
            if reprocessed is None:
                await self._finish(work, command, DOCUMENT_GONE)
                await work.commit()
                return
            order = WriteDocument(
                user_id=command.principal.user_id,
                document_id=document.id,
                read=found,
                options=claimed.job.options,
                embedder=self._tools.embedder.name,
                reprocessed=reprocessed,
                now=self._clock.now(),
            )
            written = await write(work, order, self._ids)
            outcome = ItemOutcome(
                status=ItemStatus.SUCCEEDED,
                entities=written.entities,
                relationships=written.relationships,
                left_out=written.left_out,
            )
            # Cancelled meanwhile: then nothing of it is kept, and the message stays for the next look.
            if await self._finish(work, command, outcome):
                await work.commit()
                return
        await self._claim(command)

    async def _gave_up(self, command: ExtractDocumentCommand, error: Exception) -> bool:
        """Notes the failure; whether it was the last one."""
        async with self._start_work(command.principal) as work:
            what = explained(error)
            failures = await work.jobs.note_failure(command.principal.user_id, command.item_id, what)
            last = failures is None or failures >= self._retry.attempts or is_hopeless(error)
            if failures is None:
                work.acknowledge(HANDLER, command.message_id)
            elif last:
                await self._finish(work, command, ItemOutcome(status=ItemStatus.FAILED, error=what))
            await work.commit()
        return last

    async def _finish(
        self, work: ExtractionUnitOfWork, command: ExtractDocumentCommand, outcome: ItemOutcome
    ) -> bool:
        """Ends the item and the message with it; False when the item has ended already."""
        now = self._clock.now()
        finished = await work.jobs.finish(command.principal.user_id, command.item_id, outcome, now)
        if finished is None:
            return False
        record_finish(work, finished, outcome, now)
        work.acknowledge(HANDLER, command.message_id)
        return True
