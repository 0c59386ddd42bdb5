"""Writes rows of either kind into a graph: row by row in effect, wave by wave in fact."""

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from application.graph.bulk import RowsCollide
from domain.graph.bulk import (
    COLLIDES,
    TAKEN,
    BulkMode,
    EntityRow,
    RelationshipRow,
    RowOutcome,
    RowStatus,
    in_waves,
    refused,
)
from domain.graph.entity import Entity
from domain.graph.relationship import Relationship
from domain.shared.errors import Violation

Row = TypeVar("Row", EntityRow, RelationshipRow)
Thing = TypeVar("Thing", Entity, Relationship)

# How often rows that collide are looked for again: somebody else may have stored them at the same moment.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Change(Generic[Thing]):
    """A thing as a row wants it, and as it is stored, if it is."""

    after: Thing
    before: Thing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a declared schema says of changes, by their index: those it refuses, and those it warns of."""

    refused: Mapping[int, Sequence[Violation]]
    warned: Mapping[int, Sequence[Violation]]


class Judge(Protocol[Thing]):
    """Holds what is about to be written together to a declared schema, each to those before it."""

    async def __call__(self, changes: Sequence[Change[Thing]], /) -> Judgement: ...


class Kind(Protocol[Row, Thing]):
    """What writing rows is about: entities, or relationships."""

    @property
    def judge(self) -> Judge[Thing] | None:
        """None: there is nothing to hold them to."""
        ...

    def claims(self, row: Row) -> Sequence[Hashable]:
        """What no two rows of a wave have in common."""
        ...

    def holds(self, thing: Thing) -> Sequence[Hashable]:
        """What no two active things have in common, but for their ids."""
        ...

    def meets(self, row: Row, /) -> Sequence[Hashable]:
        """What rows of a wave may have in common, and the judge judges them by, in their order."""
        ...

    async def placed(self, rows: Sequence[Row]) -> tuple[Sequence[Row], Sequence[RowOutcome]]:
        """Rows that can be written, what they depend on held; the outcomes of the others."""
        ...

    def new(self, row: Row) -> Thing: ...

    def changed(self, before: Thing, row: Row) -> Thing | Violation:
        """As the row wants it; the same one where it says nothing new."""
        ...

    async def add(self, things: Sequence[Thing]) -> AbstractSet[UUID]:
        """As `BulkRepository.add_entities`."""
        ...

    async def find(self, rows: Sequence[Row]) -> Mapping[int, Thing]:
        """As `BulkRepository.find_entities`."""
        ...

    async def save(self, changes: Sequence[tuple[Thing, Thing]]) -> None:
        """Stores what was as it is now. As `BulkRepository.save_entities`."""
        ...


async def write_in_waves(
    kind: Kind[Row, Thing], rows: Sequence[Row], mode: BulkMode
) -> Mapping[int, RowOutcome]:
    """The rows' outcomes by their places."""
    found: dict[int, RowOutcome] = {}
    for wave in in_waves((row, kind.claims(row), kind.meets(row)) for row in rows):
        pending: Sequence[Row] = wave
        for tries in count():
            if not pending:
                break
            written = _Wave(kind, mode, is_last=tries >= TRIES)
            await written.write(pending)
            found.update((outcome.place, outcome) for outcome in written.outcomes)
            pending = sorted(written.waiting, key=lambda row: row.place)
    return found


class _Wave(Generic[Row, Thing]):
    """One go at rows of which no two claim the same. `waiting` are those to look for again: one before them
    means the same thing, or somebody else was quicker; the last go refuses them."""

    def __init__(self, kind: Kind[Row, Thing], mode: BulkMode, *, is_last: bool) -> None:
        self._kind: Kind[Row, Thing] = kind
        self._mode, self._is_last = mode, is_last
        self._changes: list[tuple[Row, Change[Thing]]] = []
        self._warned: dict[int, Sequence[Violation]] = {}
        self._seen: set[UUID] = set()
        self.outcomes: list[RowOutcome] = []
        self.waiting: list[Row] = []

    async def write(self, rows: Sequence[Row]) -> None:
        """What is new is written without a look at what is there: only what is in its way is found. Where
        there is a schema to hold rows to, they are looked for first: it depends on what they change."""
        placed, lost = await self._kind.placed(rows)
        self.outcomes += lost
        judge = self._kind.judge
        if judge is None:
            taken = await self._add([(row, self._kind.new(row)) for row in placed])
        else:
            taken = await self._add_judged(placed, judge)
        if self._mode is BulkMode.CREATE:
            self.outcomes += [refused(row.place, TAKEN) for row in taken]
        elif taken:
            self._change(taken, await self._kind.find(taken))
        groups = self._groups()
        while groups:
            try:
                await self._save(groups[0])
            except RowsCollide:
                self.waiting += [row for group in groups for row, _, _ in group]
                return
            groups.popleft()

    async def _add(self, made: Sequence[tuple[Row, Thing]]) -> Sequence[Row]:
        """Returns the rows that something is in the way of."""
        there = await self._kind.add([new for _, new in made]) if made else frozenset()
        self.outcomes += [
            self._outcome(row, RowStatus.CREATED, new) for row, new in made if new.id not in there
        ]
        return [row for row, new in made if new.id in there]

    async def _add_judged(self, rows: Sequence[Row], judge: Judge[Thing]) -> Sequence[Row]:
        """As `_add`, and plans the changes. What is deleted is held to nothing."""
        known = await self._kind.find([row for row in rows if row.is_active])
        there = [row for row in rows if row.place in known]
        if self._mode is BulkMode.CREATE:
            self.outcomes += [refused(row.place, TAKEN) for row in there]
        else:
            self._change(there, known)
        fresh: list[tuple[Row, Change[Thing]]] = [
            (row, Change(self._kind.new(row))) for row in rows if row.place not in known
        ]
        asked = [pair for pair in fresh + self._changes if pair[0].is_active]
        asked.sort(key=lambda pair: pair[0].place)
        judgement = await judge([change for _, change in asked])
        broken = {asked[index][0].place: found for index, found in judgement.refused.items()}
        self._warned = {asked[index][0].place: found for index, found in judgement.warned.items()}
        self.outcomes += [refused(place, *found) for place, found in broken.items()]
        self._changes = [pair for pair in self._changes if pair[0].place not in broken]
        taken = await self._add([(row, c.after) for row, c in fresh if row.place not in broken])
        # What came between the look and the writing has not been judged.
        if self._mode is BulkMode.CREATE:
            return taken
        self._put_off([row for row in taken if row.is_active])
        return [row for row in taken if not row.is_active]

    def _change(self, rows: Sequence[Row], found: Mapping[int, Thing]) -> None:
        """Of rows that something is in the way of: what is to become of that."""
        for row in rows:
            before = found.get(row.place)
            if before is None:
                self._put_off([row])
                continue
            if before.id in self._seen:
                self.waiting.append(row)
                continue
            self._seen.add(before.id)
            after = self._kind.changed(before, row)
            if isinstance(after, Violation):
                self.outcomes.append(refused(row.place, after))
            elif after is before:
                self.outcomes.append(self._outcome(row, RowStatus.UNCHANGED, before))
            else:
                self._changes.append((row, Change(after, before)))

    def _put_off(self, rows: Sequence[Row]) -> None:
        if self._is_last:
            self.outcomes += [refused(row.place, COLLIDES) for row in rows]
        else:
            self.waiting += rows

    def _groups(self) -> deque[list[tuple[Row, Thing, Thing]]]:
        """The changes in their order, parted where one takes what another one has, or has had: whether it is
        free by then must not depend on which of them a store happens to change first."""
        groups: deque[list[tuple[Row, Thing, Thing]]] = deque()
        lost, gained = set[Hashable](), set[Hashable]()
        for row, change in sorted(self._changes, key=lambda pair: pair[0].place):
            if change.before is None:
                continue
            had, has = set(self._kind.holds(change.before)), set(self._kind.holds(change.after))
            if not groups or (has - had) & lost or (had - has) & gained:
                groups.append([])
                lost, gained = set(), set()
            groups[-1].append((row, change.before, change.after))
            lost |= had - has
            gained |= has - had
        return groups

    async def _save(self, changes: Sequence[tuple[Row, Thing, Thing]]) -> None:
        """Together. When one of them collides, raises `RowsCollide`, or in the last go refuses it alone."""
        try:
            await self._kind.save([(before, after) for _, before, after in changes])
        except RowsCollide:
            if not self._is_last:
                raise
            if len(changes) == 1:
                self.outcomes.append(refused(changes[0][0].place, COLLIDES))
                return
            half = len(changes) // 2
            await self._save(changes[:half])
            await self._save(changes[half:])
            return
        self.outcomes += [self._outcome(row, RowStatus.UPDATED, after) for row, _, after in changes]

    def _outcome(self, row: Row, status: RowStatus, thing: Thing) -> RowOutcome:
        warnings = self._warned.get(row.place, ()) if status is not RowStatus.UNCHANGED else ()
        return RowOutcome(place=row.place, status=status, id=thing.id, warnings=warnings)
