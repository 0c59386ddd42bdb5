"""What rate limits are counted with, in one process or in many."""

from typing import Protocol


class RateCounter(Protocol):
    """Counts under keys that are forgotten after a while."""

    async def add(self, key: str, seconds: int) -> int:
        """Counts one more and returns how many there are by now.

        The count begins anew `seconds` after the key's first, or later. Raises nothing: a counter that cannot
        reach its store counts by itself.
        """
        ...
