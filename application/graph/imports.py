"""Files on their way into a graph: what taking them in and working through them needs of a store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from application.graph.bulk import BulkUnitOfWork
from application.graph.jobs import GraphJobRepository
from domain.shared.errors import KnowledgeGraphError, Violation
from domain.shared.ids import EntityId, GraphJobId, UserId
from domain.shared.json import JsonObject


class Phase(StrEnum):
    """A file is worked through twice: the entities first, since relationships may come before their ends."""

    ENTITIES = "entities"
    RELATIONSHIPS = "relationships"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportState:
    """How far an import is: through the rows up to `place` in this phase. `total` counts the file's rows
    once it has been read to its end, `counts` what became of rows."""

    phase: Phase = Phase.ENTITIES
    place: int = 0
    total: int | None = None
    has_keys: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)


class ImportRepository(Protocol):
    """The files of the unit of work's user, in parts."""

    async def open(self, user_id: UserId, import_id: GraphJobId, now: datetime) -> None:
        """Begins a file. Raises `AccountGone` when the account no longer exists."""
        ...

    async def append(self, user_id: UserId, import_id: GraphJobId, ordinal: int, content: bytes) -> None:
        """Adds a part, counted from 0."""
        ...

    async def part(self, user_id: UserId, import_id: GraphJobId, ordinal: int) -> bytes | None:
        """A part; None after the last one."""
        ...

    async def state(self, user_id: UserId, import_id: GraphJobId) -> ImportState | None:
        """How far it is; None when there is no such file (any more). Nobody else works on it until this
        unit of work ends."""
        ...

    async def keep(self, user_id: UserId, import_id: GraphJobId, state: ImportState) -> None:
        """Stores how far it is."""
        ...

    async def remember(self, user_id: UserId, import_id: GraphJobId, keys: Mapping[str, EntityId]) -> None:
        """Keeps what the file's names for entities stand for; the first meaning of a name stays."""
        ...

    async def empty(self, user_id: UserId, import_id: GraphJobId) -> None:
        """Removes the parts and names of a file that is done with."""
        ...

    async def remove(self, user_id: UserId, import_id: GraphJobId) -> None:
        """Removes the file and all that belongs to it."""
        ...


class ImportUnitOfWork(BulkUnitOfWork, Protocol):
    """One transaction over a user's graph, files and jobs."""

    @property
    def imports(self) -> ImportRepository: ...

    @property
    def graph_jobs(self) -> GraphJobRepository: ...


class ImportSweep(Protocol):
    """Removes what interrupted uploads and ended jobs have left, whoever's it is."""

    async def __call__(self, abandoned_before: datetime, answered_before: datetime, /) -> int:
        """Files whose upload began before the one moment and never became a job, files whose job has
        ended, and answers to bulk requests from before the other; returns how many there were."""
        ...


class RefreshStatistics(Protocol):
    """Lets a store that plans by what it knows of its tables look at them anew, where they have grown."""

    async def __call__(self) -> None: ...


async def plan_as_ever() -> None:
    """For stores that do not plan."""


class BrokenFile(KnowledgeGraphError):
    """The file cannot be read."""

    def __init__(self, detail: str, place: int | None = None, code: str = "unreadable") -> None:
        super().__init__(detail)
        self.place = place
        self.code = code


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the file has it: a document with `kind` and the fields of the JSON Lines format, or what
    is wrong with it. `size` is about how many bytes it takes."""

    place: int
    document: JsonObject
    violations: Sequence[Violation] = ()
    size: int = 0


class GraphReader(Protocol):
    """Reads one format, without ever holding more of a file than some of its rows where the format allows
    that, and no more than a bounded size where it does not."""

    def rows(self, chunks: Iterable[bytes], source: str | None) -> Iterator[RawRow]:
        """The rows of a file, numbered from 1, in the same order whenever the same file is read. `source`
        says where things come from that do not say so themselves. Raises `BrokenFile` where the rest
        cannot be read."""
        ...
