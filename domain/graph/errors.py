"""What the graph refuses."""

from collections.abc import Sequence

from domain.shared.errors import Conflict, NotFound, PreconditionFailed, Violation


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


class MergeNotFound(NotFound):
    """There is no such merge."""


class MergeUndoneAlready(Conflict):
    """The merge was undone before."""


class MergeBuiltUpon(Conflict):
    """A later merge changed the same things: undo that one first."""


class MergeTargetGone(Conflict):
    """The entity that the others were merged into is deleted: restore it first."""


class MergeLost(Conflict):
    """The merged entities are gone for good, with the documents they were found in: nothing can be undone."""


class MergeSourceGone(Conflict):
    """An entity that was merged does not exist any more, or an import has brought it back."""


class WasMerged(Conflict):
    """The entity was merged into another one: undo that merge instead."""


class AnalyticsNotComputed(NotFound):
    """This was never computed for this graph: have it computed first, with POST to the same address."""


class DeclarationNotFound(NotFound):
    """No such type is declared."""


class DeclarationChanged(PreconditionFailed):
    """The declaration has changed since it was read."""


class SchemaChanged(Conflict):
    """The declared schema changed at the same time; try again."""


class SchemaViolated(Conflict):
    """What is in the graph breaks this declaration."""

    def __init__(self, violations: Sequence[Violation], total: int, *, complete: bool) -> None:
        more = "" if complete else " or more"
        super().__init__(
            f"{total}{more} things in the graph break it; some are in `errors`; `force=true` declares it "
            "all the same"
        )
        self.violations = tuple(violations)
