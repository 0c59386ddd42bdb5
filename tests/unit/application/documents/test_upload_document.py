"""How an uploaded file becomes a document."""

import pytest

from adapters.memory.document_queries import InMemoryDocumentQueries
from adapters.system.clock import SystemClock
from application.documents.add_document import AddDocument
from application.documents.upload_document import UploadDocument, UploadDocumentCommand
from domain.documents.document import DocumentLimits
from domain.documents.errors import UnsupportedMediaType
from domain.shared.errors import InvalidInput
from domain.shared.ids import DocumentId
from tests.contract.systems import IDS, MemorySystem, principal


def uploader(system: MemorySystem) -> UploadDocument:
    return UploadDocument(AddDocument(system.start_work, SystemClock(), IDS, DocumentLimits()))


async def test_a_file_names_its_document_and_its_source() -> None:
    system = MemorySystem()
    user = await system.new_user()
    stored = await uploader(system)(
        UploadDocumentCommand(
            principal=principal(user),
            file_name="C:\\papers\\ada.md",
            declared_type="text/plain",
            content="\ufeff# Ada\nShe wrote.".encode(),
        )
    )
    view = await InMemoryDocumentQueries(system.store).get(user, DocumentId(stored.document.id))
    assert view is not None
    assert (view.title, view.source, view.source_type) == ("Ada", "ada.md", "upload")
    assert (view.media_type, view.content) == ("text/markdown", "# Ada\nShe wrote.")


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("a.pdf", b"%PDF", UnsupportedMediaType),
        ("a.txt", b"\xff", InvalidInput),
        ("a.txt", b"a\x00", InvalidInput),
        ("a.txt", b"", InvalidInput),
    ],
)
async def test_a_refused_file_leaves_nothing(name: str, content: bytes, refusal: type[Exception]) -> None:
    system = MemorySystem()
    command = UploadDocumentCommand(
        principal=principal(await system.new_user()), file_name=name, declared_type=None, content=content
    )
    with pytest.raises(refusal):
        await uploader(system)(command)
    assert system.store.table("documents") == {}
    assert system.store.events == []
