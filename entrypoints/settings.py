"""Everything the environment decides, read once and checked: a wrong value is named in one line."""

import re
import typing
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from adapters.oidc.config import BadProvider, is_secure, read_providers
from adapters.security.sealing import BadSealingKey, Sealer
from domain.documents.language import LANGUAGES

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1, le=10_000)]
Seconds = Annotated[float, Meta(gt=0, le=86_400 * 365)]


class SettingsError(Exception):
    """A variable that is missing or wrong; the message names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """The variables of `.env.example`, with their defaults. Durations are seconds, sizes bytes."""

    host: str = "127.0.0.1"
    port: Port = 8000
    data_dir: str = "./var"
    module_id: Annotated[str, Meta(min_length=1, max_length=64)] = "backend"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_url: str = ""
    migration_database_url: str = ""
    database_pool_size: Count = 10
    database_acquire_timeout: Seconds = 10.0
    database_statement_cache: Annotated[int, Meta(ge=0, le=10_000)] = 200

    rabbitmq_url: str = ""
    message_prefix: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")] = "kgl"
    message_attempts: Count = 5
    message_retry_delay: Seconds = 1.0
    message_lease: Seconds = 30.0
    consumer_concurrency: Count = 4

    idempotency_retention: Annotated[float, Meta(ge=60, le=86_400 * 365)] = 86_400.0
    inbox_retention: Annotated[float, Meta(ge=86_400, le=86_400 * 365)] = 7 * 86_400.0
    session_retention: Annotated[float, Meta(ge=86_400, le=86_400 * 3650)] = 30 * 86_400.0
    event_retention: Annotated[float, Meta(ge=3600, le=86_400 * 3650)] = 30 * 86_400.0

    jwt_secret: str = ""
    jwt_private_key: str = ""
    credentials_key: str = ""
    jwt_issuer: str = "knowledge-graph-lab"
    jwt_audience: str = "knowledge-graph-lab"
    access_token_lifetime: Seconds = 900.0
    refresh_token_lifetime: Seconds = 90 * 86_400.0
    refresh_token_idle_lifetime: Seconds = 30 * 86_400.0
    bcrypt_cost: Annotated[int, Meta(ge=4, le=16)] = 12

    extractor: Literal["builtin"] = "builtin"
    embedding_provider: Literal["builtin"] = "builtin"
    search_language: Literal[LANGUAGES] = "english"  # type: ignore[valid-type]  # the list is the domain's

    openai_base_url: str = "https://api.openai.com/v1"
    hugging_face_base_url: str = "https://huggingface.co"
    provider_check_timeout: Annotated[float, Meta(gt=0, le=60)] = 8.0

    max_body_size: Annotated[int, Meta(ge=1024)] = 16 * 1024 * 1024
    import_max_size: Annotated[int, Meta(ge=1024)] = 2 * 1024 * 1024 * 1024
    analytics_memory: Annotated[int, Meta(ge=512 * 1024 * 1024)] = 4 * 1024 * 1024 * 1024
    max_document_characters: Annotated[int, Meta(ge=1)] = 5_000_000
    shutdown_grace: Annotated[float, Meta(gt=0, le=300)] = 8.0
    websocket_queue: Annotated[int, Meta(ge=8, le=100_000)] = 1_000
    websocket_heartbeat: Seconds = 20.0
    cors_origins: str = ""
    public_url: str = ""
    oidc_providers: str = ""

    redis_url: str = ""
    rate_limits: Literal["on", "off"] = "on"
    rate_limit: str = "2000/10second"
    rate_limit_anonymous: str = "300/minute"
    rate_limit_login: str = "30/minute"
    rate_limit_account: str = "10/minute"
    rate_limit_registration: str = "30/hour"
    rate_limit_confirmation: str = "10/minute"
    rate_limit_sockets: str = "60/minute"
    trusted_proxies: str = ""
    proxy_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"

    @property
    def data_path(self) -> Path:
        """`DATA_DIR` without the shell's shorthand."""
        return Path(self.data_dir).expanduser()

    @property
    def origins(self) -> list[str]:
        """`CORS_ORIGINS`, split at commas."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @property
    def proxies(self) -> list[str]:
        """`TRUSTED_PROXIES`, split at commas."""
        return [proxy.strip() for proxy in self.trusted_proxies.split(",") if proxy.strip()]


VARIABLES = frozenset(field.encode_name for field in msgspec.structs.fields(Settings))
KINDS = {"int": "a whole number", "float": "a number", "str": "text"}
PROVIDERS = ("OPENAI_BASE_URL", "HUGGING_FACE_BASE_URL")
DATABASES = ("DATABASE_URL", "MIGRATION_DATABASE_URL")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment. Empty variables count as unset.

    Raises `SettingsError`.
    """
    given = {name: value for name, value in environment.items() if name in VARIABLES and value != ""}
    if "LOG_LEVEL" in given:
        given["LOG_LEVEL"] = given["LOG_LEVEL"].lower()
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`")
        raise SettingsError(f"{name}: {in_words(name, what)}, but it is {given.get(name, '')!r}") from error
    for name in DATABASES:
        check_database_url(name, given.get(name, ""))
    for name in PROVIDERS:
        check_web_url(name, getattr(settings, name.lower()))
    check_identity_providers(settings)
    scheme = settings.rabbitmq_url.partition("://")[0]
    if settings.rabbitmq_url and scheme not in ("amqp", "amqps"):
        raise SettingsError("RABBITMQ_URL: must begin with amqp:// or amqps://")
    check_limits(settings)
    if settings.jwt_secret and len(settings.jwt_secret.encode()) < 32:
        raise SettingsError("JWT_SECRET: must be at least 32 bytes long (RFC 7518, 3.2)")
    if settings.credentials_key:
        try:
            Sealer.of(settings.credentials_key)
        except BadSealingKey as error:
            raise SettingsError(f"CREDENTIALS_KEY: {error}") from error
    if settings.jwt_secret and settings.jwt_private_key:
        raise SettingsError("JWT_SECRET and JWT_PRIVATE_KEY: set one of them, not both")
    return settings


def in_words(name: str, complaint: str) -> str:
    """What a variable must be, from msgspec's complaint about it."""
    hint = typing.get_type_hints(Settings)[name.lower()]
    if typing.get_origin(hint) is Literal:
        return "must be one of " + ", ".join(typing.get_args(hint))
    expected = re.match(r"Expected `(\w+)`(.*?)(?:, got .*)?$", complaint)
    if expected is None:
        return complaint.replace("`", "")
    return f"must be {KINDS.get(expected[1], expected[1])}{expected[2]}"


def check_database_url(name: str, url: str) -> None:
    """Raises `SettingsError` unless the URL is empty or a Postgres one that names user and database."""
    if not url:
        return
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError(f"{name}: is not a database URL") from error
    if not parsed.drivername.startswith("postgresql"):
        raise SettingsError(f"{name}: must begin with postgresql://")
    if not parsed.username or not parsed.database:
        raise SettingsError(f"{name}: must name a user and a database")


def check_limits(settings: Settings) -> None:
    """Raises `SettingsError` unless the counts' store and the proxies can be told what they are, and ended
    sessions are known for as long as their access tokens are good."""
    if settings.session_retention < settings.access_token_lifetime:
        raise SettingsError("SESSION_RETENTION: must be at least ACCESS_TOKEN_LIFETIME")
    if settings.redis_url and settings.redis_url.partition("://")[0] not in ("redis", "rediss"):
        raise SettingsError("REDIS_URL: must begin with redis:// or rediss://")
    for proxy in settings.proxies:
        try:
            if proxy != "unix":
                ip_network(proxy)
        except ValueError as error:
            told = f"{proxy!r} is no network (10.0.0.0/8), address or unix"
            raise SettingsError(f"TRUSTED_PROXIES: {told}") from error


def check_web_url(name: str, url: str) -> None:
    """Raises `SettingsError` unless the URL is an address of the web that a path can be added to."""
    try:
        parsed = urlsplit(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise SettingsError(f"{name}: must be a URL that begins with https:// or http://")
    if parsed.username is not None or parsed.query or parsed.fragment:
        raise SettingsError(f"{name}: must have no user, query or fragment")


def check_identity_providers(settings: Settings) -> None:
    """Raises `SettingsError` unless logins with the providers can work, and come back over https."""
    try:
        providers = read_providers(settings.oidc_providers)
    except BadProvider as error:
        raise SettingsError(f"OIDC_PROVIDERS: {error}") from error
    if settings.public_url:
        check_web_url("PUBLIC_URL", settings.public_url)
    if not providers:
        return
    for name in ("PUBLIC_URL", "CREDENTIALS_KEY"):
        if not getattr(settings, name.lower()):
            raise SettingsError(f"{name}: is not set, and OIDC_PROVIDERS needs it")
    if not is_secure(settings.public_url):
        raise SettingsError("PUBLIC_URL: must begin with https:// for OIDC_PROVIDERS, except on this machine")


def require(settings: Settings, *names: str) -> None:
    """Raises `SettingsError` for the first of these variables that is not set."""
    for name in names:
        if not getattr(settings, name.lower()):
            raise SettingsError(f"{name}: is not set")
