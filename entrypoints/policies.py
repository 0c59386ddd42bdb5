"""What the settings decide of the parts: keys, lifetimes, patience."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from adapters.oidc.config import ProviderConfig, read_providers
from adapters.security.keys import BadKey, KeyRing, ed25519_key, hs256_key
from adapters.security.sealing import Sealer, new_key
from application.identity.token_pairs import Lifetimes
from application.operations.purge_expired import Retention
from application.shared.messages import RetryPolicy
from entrypoints.settings import Settings, SettingsError


def uses_key_set(settings: Settings) -> bool:
    """Whether tokens are signed with the keys in the database, and not with one of the environment."""
    return not settings.jwt_secret and not settings.jwt_private_key


def key_ring(settings: Settings) -> KeyRing:
    """The key of the environment tokens are signed with, else an empty ring for those of the database. Raises
    `SettingsError` when it is none."""
    if uses_key_set(settings):
        return KeyRing(None)
    name = "JWT_PRIVATE_KEY" if settings.jwt_private_key else "JWT_SECRET"
    try:
        if settings.jwt_private_key:
            return KeyRing(ed25519_key(settings.jwt_private_key))
        return KeyRing(hs256_key(settings.jwt_secret))
    except BadKey as error:
        raise SettingsError(f"{name}: {error}") from error


def lifetimes(settings: Settings) -> Lifetimes:
    """How long tokens last."""
    return Lifetimes(
        access=timedelta(seconds=settings.access_token_lifetime),
        refresh=timedelta(seconds=settings.refresh_token_idle_lifetime),
        session=timedelta(seconds=settings.refresh_token_lifetime),
    )


def honoured_for(settings: Settings) -> timedelta:
    """How long after a key's retirement a token of it may still be good. Other processes go on signing with
    it for a few seconds, and clocks differ."""
    lasting = lifetimes(settings)
    return max(lasting.access, min(lasting.refresh, lasting.session)) + timedelta(minutes=1)


def cursor_secret(settings: Settings) -> bytes:
    """What the cursors' own key is derived from: never from a key that rotates."""
    sealing = settings.credentials_key.partition(",")[0].strip()
    return (settings.jwt_private_key or settings.jwt_secret or sealing).encode()


def retry_policy_of(settings: Settings) -> RetryPolicy:
    """How often, and how soon, a failed message is tried again."""
    return RetryPolicy(
        attempts=settings.message_attempts, first_delay=timedelta(seconds=settings.message_retry_delay)
    )


def retention_of(settings: Settings) -> Retention:
    """How long what is over is kept."""
    return Retention(
        events=timedelta(seconds=settings.event_retention),
        idempotency=timedelta(seconds=settings.idempotency_retention),
        inbox=timedelta(seconds=settings.inbox_retention),
        sessions=timedelta(seconds=settings.session_retention),
    )


def identity_provider_configs(settings: Settings) -> Mapping[str, ProviderConfig]:
    """The providers to log in with."""
    return read_providers(settings.oidc_providers)


def login_sealer(settings: Settings) -> Sealer:
    """What seals pending logins: any process opens what another one sealed. Without providers there are none,
    and a key that nobody keeps will do."""
    return Sealer.of(settings.credentials_key or new_key())


def is_https(settings: Settings) -> bool:
    """Whether browsers come over https."""
    return urlsplit(settings.public_url).scheme == "https"
