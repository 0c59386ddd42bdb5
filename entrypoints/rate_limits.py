"""The limits of one API process, from its settings: which quotas, and where they are counted."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final

from limits import parse

from adapters.limits.counter import StoredRateCounter
from adapters.limits.memory import BoundedMemoryStorage
from application.shared.rate_counter import RateCounter
from entrypoints.http.rate_limits import Quota, RateLimits
from entrypoints.settings import Settings, SettingsError

# The policy that each variable decides.
POLICIES: Final = {
    "RATE_LIMIT": "default",
    "RATE_LIMIT_ANONYMOUS": "anonymous",
    "RATE_LIMIT_LOGIN": "login",
    "RATE_LIMIT_ACCOUNT": "account",
    "RATE_LIMIT_REGISTRATION": "registration",
    "RATE_LIMIT_CONFIRMATION": "confirmation",
    "RATE_LIMIT_SOCKETS": "sockets",
}
LONGEST_SECONDS: Final = 86_400


def quotas(settings: Settings) -> Mapping[str, Quota]:
    """Every policy by its name. Raises `SettingsError`."""
    return {
        policy: quota(variable, policy, getattr(settings, variable.lower()))
        for variable, policy in POLICIES.items()
    }


def quota(variable: str, policy: str, text: str) -> Quota:
    """One policy, in the library's notation. Raises `SettingsError`."""
    try:
        item = parse(text)
    except ValueError as error:
        raise SettingsError(
            f"{variable}: must be like 30/minute or 2000/10second, but it is {text!r}"
        ) from error
    if ";" in text or "," in text or item.amount < 1 or item.get_expiry() > LONGEST_SECONDS:
        raise SettingsError(f"{variable}: must be one limit of at least 1 within at most a day, not {text!r}")
    return Quota(policy, item.amount, item.get_expiry())


@contextlib.asynccontextmanager
async def open_counter(settings: Settings) -> AsyncIterator[RateCounter]:
    """Memory, or Redis with memory to fall back on. Raises `SettingsError`."""
    memory = StoredRateCounter(BoundedMemoryStorage())
    if not settings.redis_url:
        yield memory
        return
    try:
        from adapters.limits.redis import RedisRateCounter  # noqa: PLC0415 - its client is an optional package
    except ImportError as error:
        raise SettingsError(
            "REDIS_URL: needs the extra redis: pip install 'knowledge-graph-lab[redis]'"
        ) from error
    try:
        shared = RedisRateCounter(settings.redis_url, memory, prefix=settings.message_prefix)
    except ValueError as error:
        raise SettingsError(f"REDIS_URL: {error}") from error
    async with shared:
        yield shared


@contextlib.asynccontextmanager
async def open_rate_limits(settings: Settings) -> AsyncIterator[RateLimits | None]:
    """The limits, None when they are switched off. Raises `SettingsError`."""
    limited = quotas(settings)
    if settings.rate_limits == "off":
        yield None
        return
    async with open_counter(settings) as counter:
        yield RateLimits(counter, limited)
