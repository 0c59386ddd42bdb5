"""Takes a document out again, with everything that stood on it alone."""

from dataclasses import dataclass

from application.documents.ports import DocumentsUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.documents.errors import DocumentNotFound
from domain.documents.events import DocumentDeleted, document_data
from domain.graph.entity import deleted as entity_deleted
from domain.graph.events import EntityDeleted, RelationshipDeleted, entity_event, relationship_event
from domain.graph.relationship import deleted as relationship_deleted
from domain.shared.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocumentCommand:
    principal: Principal
    document_id: DocumentId


class DeleteDocument:
    """Raises `DocumentNotFound`."""

    def __init__(self, start_work: StartWork[DocumentsUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: DeleteDocumentCommand) -> None:
        user_id, now = command.principal.user_id, self._clock.now()
        async with self._start_work(command.principal) as work:
            deleted = await work.documents.delete(user_id, command.document_id)
            if deleted is None:
                raise DocumentNotFound
            for relationship in deleted.relationships:
                work.record(relationship_event(RelationshipDeleted, relationship_deleted(relationship, now)))
            for entity in deleted.entities:
                work.record(entity_event(EntityDeleted, entity_deleted(entity, now)))
            work.record(
                DocumentDeleted(
                    user_id=user_id,
                    subject=command.document_id,
                    occurred_at=now,
                    data=document_data(deleted.document),
                )
            )
            await work.commit()
