"""Makes a key for a program, and shows it this once."""

import hashlib
from dataclasses import dataclass

from application.identity.api_key_ports import ApiKeyUnitOfWork, RandomText
from application.identity.api_key_queries import ApiKeyView, api_key_view
from application.shared.ports import Clock, IdGenerator, StartWork
from application.shared.principal import Principal
from domain.identity.api_key import MOST_KEYS, WantedKey, new_api_key
from domain.identity.api_key_events import api_key_created
from domain.identity.api_key_text import PREFIX_LENGTH, SECRET_LENGTH, key_text
from domain.shared.errors import NotAuthenticated
from domain.shared.ids import ApiKeyId
from domain.shared.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKeyCommand:
    principal: Principal
    wanted: WantedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedApiKey:
    """`text` is the key itself, which nothing can show again."""

    view: ApiKeyView
    text: Secret


def secret_hash(secret: str) -> bytes:
    """What is kept of a key's secret, or of a ticket.

    A slow, salted hash protects what people choose. This has 256 random bits: nobody finds it by trying, no
    two are alike, and it is checked on every request.
    """
    return hashlib.sha256(secret.encode()).digest()


class CreateApiKey:
    """Raises `InvalidInput`, `TooManyApiKeys`, and `NotAuthenticated` when the session has ended."""

    def __init__(
        self,
        *,
        start_work: StartWork[ApiKeyUnitOfWork],
        random_text: RandomText,
        clock: Clock,
        ids: IdGenerator,
    ) -> None:
        self._start_work = start_work
        self._random_text = random_text
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: CreateApiKeyCommand) -> CreatedApiKey:
        principal = command.principal
        text = key_text(self._random_text(PREFIX_LENGTH), self._random_text(SECRET_LENGTH))
        key = new_api_key(
            principal.user_id,
            ApiKeyId(self._ids.new()),
            text.prefix,
            command.wanted,
            role=principal.role,
            now=self._clock.now(),
        )
        async with self._start_work(principal) as work:
            # A session that was ended elsewhere a moment ago must not leave a key behind that outlives it.
            session_id = principal.session_id
            if session_id and await work.sessions.alive(principal.user_id, session_id) is None:
                raise NotAuthenticated(reason="session_ended", user_id=principal.user_id)
            await work.api_keys.add(key, secret_hash(text.secret), MOST_KEYS)
            work.record(api_key_created(key))
            work.created(key.id)
            await work.commit()
        return CreatedApiKey(view=api_key_view(key), text=Secret(text.whole))
