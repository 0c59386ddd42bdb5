"""Counts refusals that are alike, so that a flood of them makes a few rows and not a flood of rows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from socket import AF_INET6, inet_ntop, inet_pton
from typing import Final, NamedTuple

from domain.shared.ids import UserId

# Stands for refusals of more kinds than are told apart.
MANY: Final = "many_kinds"
MOST: Final = 2**31 - 1


class Kind(NamedTuple):
    """What makes two refusals alike. `source` is the address, for IPv6 its network of 64 bits."""

    reason: str
    operation: str | None
    user_id: UserId | None
    source: str | None


@dataclass(slots=True)
class Tally:
    """Refusals of one kind since the last row that told of them; `until` that row keeps others back."""

    source: str | None
    first_at: datetime
    last_at: datetime
    address: str | None
    request_id: str
    count: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one row says."""

    kind: Kind
    count: int
    first_at: datetime
    last_at: datetime
    address: str | None
    request_id: str


class Tallies:
    """Tells at most `kinds` apart, of one source at most `per_source`; the rest is counted as `MANY`: of its
    source as long as there is room, and then in one tally for all.

    The first refusal of a kind is due at once. Those that follow within `window` become one row at its end.
    """

    def __init__(
        self, *, kinds: int = 1_000, per_source: int = 100, window: timedelta = timedelta(seconds=10)
    ) -> None:
        self._kinds = kinds
        self._per_source = per_source
        self._window = window
        self._tallies: dict[Kind, Tally] = {}
        self._of_source: Counter[str | None] = Counter()

    def __len__(self) -> int:
        return len(self._tallies)

    def add(self, kind: Kind, address: str | None, request_id: str, now: datetime) -> None:
        """Counts one refusal."""
        tally = self._tallies.get(kind)
        if tally is None:
            tally = self._admitted(kind, now)
        if tally.count == 0:
            tally.first_at, tally.address, tally.request_id = now, address, request_id
        elif tally.address != address:
            tally.address = tally.source
        tally.last_at = now
        if tally.count < MOST:
            tally.count += 1

    def take(self, now: datetime, *, everything: bool = False) -> Iterator[Counted]:
        """What is due, or everything there is; it is not told again."""
        for kind, tally in list(self._tallies.items()):
            if tally.until is not None and now < tally.until and not everything:
                continue
            if tally.count == 0:
                self._forget(kind)
                continue
            yield Counted(
                kind=kind,
                count=tally.count,
                first_at=tally.first_at,
                last_at=max(tally.first_at, tally.last_at),
                address=tally.address,
                request_id=tally.request_id,
            )
            tally.count, tally.until = 0, now + self._window

    def _admitted(self, kind: Kind, now: datetime) -> Tally:
        """The tally for a kind that has none yet: its own, its source's, or everybody's."""
        if self._of_source[kind.source] >= self._per_source:
            kind = Kind(MANY, None, None, kind.source)
        if kind not in self._tallies and len(self._tallies) >= self._kinds:
            kind = Kind(MANY, None, None, None)
        tally = self._tallies.get(kind)
        if tally is None:
            tally = self._tallies[kind] = Tally(
                source=kind.source, first_at=now, last_at=now, address=None, request_id=""
            )
            self._of_source[kind.source] += 1
        return tally

    def _forget(self, kind: Kind) -> None:
        del self._tallies[kind]
        self._of_source[kind.source] -= 1
        if self._of_source[kind.source] <= 0:
            del self._of_source[kind.source]


@lru_cache(maxsize=4096)
def source_of(address: str | None) -> str | None:
    """Whom an address belongs to: a subscriber of IPv6 has a network of 64 bits, and any address in it."""
    if address is None or ":" not in address:
        return address
    try:
        network = inet_pton(AF_INET6, address.partition("%")[0])[:8]
    except (OSError, ValueError):
        return address
    return inet_ntop(AF_INET6, network + bytes(8)) + "/64"
