"""What the graph refuses."""

from domain.shared.errors import Conflict, NotFound, PreconditionFailed


class EntityNotFound(NotFound):
    """There is no such entity."""


class RelationshipNotFound(NotFound):
    """There is no such relationship."""


class EntityChanged(PreconditionFailed):
    """The entity has changed since it was read."""


class RelationshipChanged(PreconditionFailed):
    """The relationship has changed since it was read."""


class RelationshipExists(Conflict):
    """There is already a relationship of this type between these entities."""


class ExternalIdTaken(Conflict):
    """Another one of the same source has this external id."""


class AlreadyActive(Conflict):
    """It is not deleted: there is nothing to restore."""


class EndIsDeleted(Conflict):
    """An end of the relationship is deleted: restore that first."""


class GraphJobNotFound(NotFound):
    """There is no such job."""


class GraphJobFinishedAlready(Conflict):
    """The job has finished: there is nothing left to cancel."""
