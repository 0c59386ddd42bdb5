"""Revokes a key of the caller's: it and every token it got are refused from now on, everywhere."""

from dataclasses import dataclass

from application.identity.api_key_ports import ApiKeyUnitOfWork
from application.shared.ports import Clock, StartWork
from application.shared.principal import Principal
from domain.identity.api_key_errors import ApiKeyNotFound
from domain.identity.api_key_events import api_key_revoked
from domain.shared.ids import ApiKeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKeyCommand:
    principal: Principal
    key_id: ApiKeyId


class RevokeApiKey:
    """Raises `ApiKeyNotFound`, alike for an unknown key, a revoked one, and somebody else's."""

    def __init__(self, start_work: StartWork[ApiKeyUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: RevokeApiKeyCommand) -> None:
        now = self._clock.now()
        async with self._start_work(command.principal) as work:
            key = await work.api_keys.revoke(command.principal.user_id, command.key_id, now)
            if key is None:
                raise ApiKeyNotFound
            work.record(api_key_revoked(key, now))
            await work.commit()
