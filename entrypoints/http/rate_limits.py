"""How often each caller may ask: what is counted, under which name, and what the caller is told about it.

Replies carry `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10). Windows are
fixed, and begin for each caller at a moment of their own, computed from the caller's name: one call of the
counter is enough, all processes agree, and not everybody comes back at the same second.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Any
from zlib import crc32

from application.shared.principal import Principal
from application.shared.rate_counter import RateCounter
from entrypoints.http.errors import TooManyRequests

# Where a request keeps its standings, for the headers of its reply.
STANDINGS = "kgl.rate_limits"

# An ASGI scope: a dictionary by specification, whose typed forms know no keys of ours.
Scope = Any


class LimitClass(StrEnum):
    """How an operation is limited: each name is one policy of `RateLimit-Policy`, but for `EXEMPT`."""

    DEFAULT = "default"
    """By account or key; without one, by address as `anonymous`."""
    LOGIN = "login"
    """By address, and as `account` by the e-mail address that is tried."""
    REGISTRATION = "registration"
    """By address."""
    CONFIRMATION = "confirmation"
    """By account, besides `default`: what asks for the password once more."""
    EXEMPT = "exempt"
    """Never counted: what machines ask of every process all the time."""


ANONYMOUS, ACCOUNT, SOCKETS = "anonymous", "account", "sockets"


@dataclass(frozen=True, slots=True)
class Quota:
    """`amount` requests in `seconds`."""

    name: str
    amount: int
    seconds: int
    policy: bytes = field(init=False)
    """As `RateLimit-Policy` shows it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "policy", f'"{self.name}";q={self.amount};w={self.seconds}'.encode())


@dataclass(slots=True)
class Standing:
    """Where a caller is with one quota: what remains, and in how many seconds it begins anew."""

    quota: Quota
    remaining: int
    reset: int

    @property
    def shown(self) -> bytes:
        """As `RateLimit` shows it."""
        return f'"{self.quota.name}";r={self.remaining};t={self.reset}'.encode()


def headers_of(standings: list[Standing]) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """Both fields, encoded; as lists of RFC 9651 where there are several standings."""
    if len(standings) == 1:
        standing = standings[0]
        return (b"ratelimit-policy", standing.quota.policy), (b"ratelimit", standing.shown)
    return (
        (b"ratelimit-policy", b", ".join(standing.quota.policy for standing in standings)),
        (b"ratelimit", b", ".join(standing.shown for standing in standings)),
    )


class RateLimits:
    """Counts against the quotas. Methods raise `TooManyRequests`, and note the standing in the scope."""

    def __init__(
        self, counter: RateCounter, quotas: Mapping[str, Quota], *, now: Callable[[], float] = time.time
    ) -> None:
        self._counter = counter
        self._quotas = quotas
        self._now = now

    async def stranger(self, limit: LimitClass, scope: Scope, address: str | None) -> None:
        """Somebody who has not shown who they are, by address."""
        if limit is LimitClass.EXEMPT:
            return
        name = ANONYMOUS if limit in (LimitClass.DEFAULT, LimitClass.CONFIRMATION) else limit.value
        await self._count(name, block_of(address), scope)

    async def caller(self, limit: LimitClass, scope: Scope, principal: Principal) -> None:
        """Somebody who has."""
        if limit is LimitClass.EXEMPT:
            return
        name = caller_of(principal)
        await self._count(LimitClass.DEFAULT.value, name, scope)
        if limit is not LimitClass.DEFAULT:
            await self._count(limit.value, name, scope)

    async def account(self, scope: Scope, email: str) -> None:
        """An attempt to log in as somebody, from wherever. Addresses are not kept in clear."""
        spelled = email.strip().casefold()[:254].encode("utf-8", "surrogatepass")
        await self._count(ACCOUNT, hashlib.blake2b(spelled, digest_size=16).hexdigest(), scope)

    async def socket(self, scope: Scope, address: str | None) -> None:
        """A handshake."""
        await self._count(SOCKETS, block_of(address), scope)

    async def _count(self, name: str, who: str, scope: Scope) -> None:
        quota = self._quotas[name]
        key = f"{name}:{who}"
        moment = self._now() + crc32(key.encode()) % quota.seconds
        window, into = divmod(moment, quota.seconds)
        count = await self._counter.add(f"{key}:{window:.0f}", quota.seconds)
        standing = Standing(quota, max(0, quota.amount - count), ceil(quota.seconds - into))
        noted: list[Standing] | None = scope.get(STANDINGS)
        if noted is None:
            scope[STANDINGS] = [standing]
        else:
            noted.append(standing)
        if count > quota.amount:
            raise TooManyRequests(name, standing.reset)


def caller_of(principal: Principal) -> str:
    """What a caller is counted under: each key by itself, all sessions of a person together."""
    if principal.api_key_id is not None:
        return f"key/{principal.api_key_id.hex}"
    return f"user/{principal.user_id.hex}"


def block_of(address: str | None) -> str:
    """What an address is counted under: an IPv6 client has a whole /64 to choose from (RFC 6177)."""
    if address is None or ":" not in address:
        return address or "unknown"
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{int(parsed) >> 64:016x}"
    return address
