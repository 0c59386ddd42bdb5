"""What can be wrong with a document as a whole."""

from domain.shared.errors import Conflict, KnowledgeGraphError, NotFound


class DocumentNotFound(NotFound):
    """There is no such document."""


class UnsupportedMediaType(KnowledgeGraphError):
    """Documents are taken as text/plain or text/markdown."""


class ContentTooLarge(KnowledgeGraphError):
    """The document is too large."""


class DocumentChanging(Conflict):
    """Another request is adding or deleting this very document; try again."""
