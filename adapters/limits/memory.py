"""Counts in this process, in bounded memory and constant time whatever a flood of addresses brings.

The library's own memory storage looks at every key it holds again and again: with 100,000 keys one count
takes 20 ms. Here the oldest counts are dropped, one or two for each new one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from limits.aio.storage import Storage

CAPACITY = 20_000


class BoundedMemoryStorage(Storage):
    """A storage for fixed windows. Keys are kept by their kind, the part before the first colon, at most
    `capacity` of each: strangers cannot push out the counts of those who logged in."""

    STORAGE_SCHEME = None  # made here, never looked up by an address

    def __init__(self, *, capacity: int = CAPACITY, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._capacity = capacity
        self._now = now
        # Of each key: its count, and when it ends. In the order of their first count.
        self._kinds: dict[str, OrderedDict[str, list[float]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._kinds.values()))

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Counts up; the first count of a key makes room for it."""
        counts = self._of_kind(key)
        now = self._now()
        found = counts.get(key)
        if found is not None and found[1] > now:
            found[0] += amount
            return int(found[0])
        counts.pop(key, None)
        # Two for one: what has ended goes faster than new keys come.
        for _ in range(2):
            if counts and (len(counts) >= self._capacity or next(iter(counts.values()))[1] <= now):
                counts.popitem(last=False)
        counts[key] = [amount, now + expiry]
        return amount

    async def get(self, key: str) -> int:
        """The count, 0 for an unknown or ended one."""
        found = self._of_kind(key).get(key)
        return int(found[0]) if found is not None and found[1] > self._now() else 0

    async def get_expiry(self, key: str) -> float:
        """When the count ends, as the library wants it: in seconds since 1970."""
        found = self._of_kind(key).get(key)
        return time.time() + (max(0.0, found[1] - self._now()) if found is not None else 0.0)

    async def check(self) -> bool:
        """Memory is always there."""
        return True

    async def reset(self) -> int:
        """Forgets everything; how much that was."""
        forgotten = len(self)
        self._kinds.clear()
        return forgotten

    async def clear(self, key: str) -> None:
        """Forgets one key."""
        self._of_kind(key).pop(key, None)

    def _of_kind(self, key: str) -> OrderedDict[str, list[float]]:
        kind = key.partition(":")[0]
        counts = self._kinds.get(kind)
        if counts is None:
            counts = self._kinds[kind] = OrderedDict()
        return counts
