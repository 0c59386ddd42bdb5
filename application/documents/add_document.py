"""Takes a text in, once: the same content again is answered with the first document."""

from dataclasses import dataclass

from application.documents.ports import DocumentsUnitOfWork, StoredDocument
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.documents.document import DocumentDraft, DocumentLimits, new_document
from domain.documents.events import DocumentAdded, document_data
from domain.shared.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDocumentCommand:
    principal: Principal
    draft: DocumentDraft


class AddDocument:
    """Raises `InvalidInput` and `ContentTooLarge`. The extraction follows by the event."""

    def __init__(
        self,
        start_work: StartWork[DocumentsUnitOfWork],
        clock: Clock,
        ids: IdGenerator,
        limits: DocumentLimits,
    ) -> None:
        self._start_work = start_work
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def __call__(self, command: AddDocumentCommand) -> StoredDocument:
        user_id, now = command.principal.user_id, self._clock.now()
        document = new_document(
            command.draft,
            document_id=DocumentId(self._ids.new()),
            user_id=user_id,
            now=now,
            limits=self._limits,
        )
        async with self._start_work(command.principal) as work:
            [stored] = await work.documents.add_all([document])
            if stored.created:
                work.record(
                    DocumentAdded(
                        user_id=user_id, subject=document.id, occurred_at=now, data=document_data(document)
                    )
                )
            work.created(stored.document.id)
            await work.commit()
        return stored
