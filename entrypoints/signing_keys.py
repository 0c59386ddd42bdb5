"""The signing keys of a running process: there before the first request, and followed until the last."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from application.shared.principal import Trace
from domain.identity.errors import KeysSealedOtherwise
from entrypoints.container import Container
from entrypoints.policies import uses_key_set
from entrypoints.settings import Settings, SettingsError

log = structlog.get_logger()


def require_a_key(settings: Settings) -> None:
    """Raises `SettingsError` unless tokens can be signed with something."""
    if uses_key_set(settings) and not settings.credentials_key:
        raise SettingsError(
            "CREDENTIALS_KEY: is not set, and neither is JWT_PRIVATE_KEY or JWT_SECRET: one must sign tokens"
        )


@contextlib.asynccontextmanager
async def following_signing_keys(settings: Settings, container: Container) -> AsyncIterator[None]:
    """Makes the first keys where there are none. Raises `SettingsError` for keys that cannot be opened."""
    if not uses_key_set(settings):
        yield
        return
    follow = container.follow_signing_keys()
    try:
        await container.ensure_signing_keys()(Trace(request_id=f"start-{container.ids().new()}"))
        await follow.look()
    except KeysSealedOtherwise as error:
        raise SettingsError(f"CREDENTIALS_KEY: {error.detail}") from error
    container.key_ring().when_unknown(follow.hurry)
    task = asyncio.create_task(follow.run(lambda reason: log.warning("signing_keys_unread", reason=reason)))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
