"""The counter over any storage of the library."""

from limits.aio.storage import Storage

from application.shared.rate_counter import RateCounter


class StoredRateCounter(RateCounter):
    """One call of the storage for each count. Raises what the storage raises."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def add(self, key: str, seconds: int) -> int:
        count: int = await self._storage.incr(key, seconds)
        return count
