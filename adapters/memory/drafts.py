"""Tables with changes that nobody else sees before the commit."""

from collections.abc import Hashable, Iterator, MutableMapping, Sequence

from adapters.memory.store import Rows

_GONE = object()


class Draft(MutableMapping[Hashable, object]):
    """A table with this unit of work's changes over the committed rows."""

    def __init__(self, committed: Rows) -> None:
        self._committed = committed
        self._changes: dict[Hashable, object] = {}
        self._written: list[tuple[Hashable, object]] = []

    def __getitem__(self, key: Hashable) -> object:
        value = self._changes.get(key, self._committed.get(key, _GONE))
        if value is _GONE:
            raise KeyError(key)
        return value

    def __setitem__(self, key: Hashable, value: object) -> None:
        self._changes[key] = value
        self._written.append((key, value))

    def __delitem__(self, key: Hashable) -> None:
        self[key]  # raises KeyError for a row that is not there
        self._changes[key] = _GONE

    def __iter__(self) -> Iterator[Hashable]:
        keys = dict.fromkeys(self._committed) | dict.fromkeys(self._changes)
        return (key for key in keys if self._changes.get(key) is not _GONE)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def written(self) -> Sequence[object]:
        """Each row every time it was written, in order, without those that are removed in the end."""
        return [value for key, value in self._written if self._changes[key] is not _GONE]

    def apply(self) -> None:
        """Makes the changes everybody's."""
        for key, value in self._changes.items():
            if value is _GONE:
                self._committed.pop(key, None)
            else:
                self._committed[key] = value
