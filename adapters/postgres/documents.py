"""Documents in Postgres: set-based statements inside one unit of work."""

from collections.abc import Mapping, Sequence

import asyncpg

from adapters.postgres import json
from adapters.postgres.documents_rows import DOCUMENT_COLUMNS, document_of
from adapters.postgres.extraction_cleanup import drop_unsupported
from adapters.postgres.statements import DriverConnection
from application.documents.ports import DeletedDocument, DocumentRepository, StoredDocument
from domain.documents.document import Document
from domain.documents.errors import DocumentChanging
from domain.shared.errors import AccountGone
from domain.shared.ids import DocumentId, UserId

# In the order of their hashes, so that two requests with the same documents do not wait in a circle.
ADD = """
insert into backend_documents.documents
    (user_id, id, title, content, content_hash, media_type, source, source_type, metadata, tags, created_at,
     updated_at, language)
select $1, d.id, d.title, d.content, d.content_hash, d.media_type, d.source, d.source_type, d.metadata,
    array(select jsonb_array_elements_text(d.tags)), d.created_at, d.created_at, d.language
from unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::jsonb[],
    $10::jsonb[], $11::timestamptz[], $12::text[])
    as d(id, title, content, content_hash, media_type, source, source_type, metadata, tags, created_at,
        language)
order by d.content_hash
on conflict on constraint documents_content_hash_key do nothing
returning content_hash
"""

BY_HASH = f"""
select {DOCUMENT_COLUMNS} from backend_documents.documents
where user_id = $1 and content_hash = any($2::bytea[])
"""

# The row first, then the lock that lets no extraction of this user write meanwhile: extractions wait in
# the same order.
ENTER = f"""
with document as materialized (
    select {DOCUMENT_COLUMNS} from backend_documents.documents where user_id = $1 and id = $2 for update
)
select document.*, pg_advisory_xact_lock(hashtextextended('extraction ' || $1::uuid::text, 0)) from document
"""

UNPLACE = """
with mentions as (
    delete from backend_extraction.mentions where user_id = $1 and document_id = $2 returning entity_id
), evidence as (
    delete from backend_extraction.evidence where user_id = $1 and document_id = $2 returning relationship_id
)
select array(select distinct entity_id from mentions) as entities,
    array(select distinct relationship_id from evidence) as relationships
"""

DELETE = "delete from backend_documents.documents where user_id = $1 and id = $2"


class PostgresDocumentRepository(DocumentRepository):
    """Works inside the transaction of one unit of work."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    async def add_all(self, documents: Sequence[Document]) -> Sequence[StoredDocument]:
        first: dict[bytes, Document] = {}
        for document in documents:
            first.setdefault(document.content_hash, document)
        if not first:
            return []
        user_id = documents[0].user_id
        try:
            rows = await self._connection.fetch(ADD, user_id, *_columns(list(first.values())))
        except asyncpg.ForeignKeyViolationError as error:
            raise AccountGone from error
        added = {bytes(row["content_hash"]) for row in rows}
        known = await self._known(user_id, [key for key in first if key not in added])
        return [_stored(document, first, added, known) for document in documents]

    async def _known(self, user_id: UserId, hashes: Sequence[bytes]) -> Mapping[bytes, Document]:
        if not hashes:
            return {}
        rows = await self._connection.fetch(BY_HASH, user_id, hashes)
        known = {bytes(row["content_hash"]): document_of(user_id, row) for row in rows}
        if len(known) < len(hashes):
            raise DocumentChanging
        return known

    async def delete(self, user_id: UserId, document_id: DocumentId) -> DeletedDocument | None:
        row = await self._connection.fetchrow(ENTER, user_id, document_id)
        if row is None:
            return None
        places = await self._connection.fetchrow(UNPLACE, user_id, document_id)
        entities, relationships = (places["entities"], places["relationships"]) if places else ([], [])
        gone = await drop_unsupported(self._connection, user_id, entities, relationships)
        await self._connection.execute(DELETE, user_id, document_id)
        return DeletedDocument(
            document=document_of(user_id, row), entities=gone.entities, relationships=gone.relationships
        )


def _stored(
    document: Document, first: Mapping[bytes, Document], added: set[bytes], known: Mapping[bytes, Document]
) -> StoredDocument:
    key = document.content_hash
    if key in added:
        return StoredDocument(document=first[key], created=first[key] is document)
    return StoredDocument(document=known[key], created=False)


def _columns(documents: Sequence[Document]) -> Sequence[object]:
    return (
        [d.id for d in documents],
        [d.title for d in documents],
        [d.content for d in documents],
        [d.content_hash for d in documents],
        [d.media_type for d in documents],
        [d.source for d in documents],
        [d.source_type for d in documents],
        [json.encode(d.metadata) for d in documents],
        [json.encode(d.tags) for d in documents],
        [d.created_at for d in documents],
        [d.language for d in documents],
    )
