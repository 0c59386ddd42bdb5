"""What the settings decide of the parts: keys, lifetimes, patience."""

from datetime import timedelta

from adapters.security.keys import BadKey, KeyRing, ed25519_key, hs256_key
from application.identity.token_pairs import Lifetimes
from application.shared.messages import RetryPolicy
from entrypoints.settings import Settings, SettingsError


def key_ring(settings: Settings) -> KeyRing:
    """The key tokens are signed with. Raises `SettingsError` when it is none."""
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
        refresh=timedelta(seconds=settings.refresh_token_lifetime),
    )


def cursor_secret(settings: Settings) -> bytes:
    """What the cursors' own key is derived from."""
    return (settings.jwt_private_key or settings.jwt_secret).encode()


def retry_policy_of(settings: Settings) -> RetryPolicy:
    """How often, and how soon, a failed message is tried again."""
    return RetryPolicy(
        attempts=settings.message_attempts, first_delay=timedelta(seconds=settings.message_retry_delay)
    )
