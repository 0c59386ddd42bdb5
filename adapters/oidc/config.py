"""The providers of `OIDC_PROVIDERS`: one JSON object, so that a misspelled part of it cannot go unnoticed."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
# Latin-1 at most goes into an Authorization header, and nobody's secret has more than this.
Credential = Annotated[str, Meta(max_length=1000, pattern=r"^[\x21-\x7e]*\Z")]


class BadProvider(ValueError):
    """A provider that cannot be used; the message says why, and holds no secret."""


class ProviderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the provider knows this installation as. Without a secret it is a public client, and PKCE alone
    protects the code."""

    issuer: Annotated[str, Meta(max_length=1000)]
    client_id: Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[\x21-\x7e]+\Z")]
    client_secret: Credential = ""
    scopes: tuple[Annotated[str, Meta(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+\Z")], ...] = (
        "openid",
        "email",
        "profile",
    )

    def __repr__(self) -> str:
        return f"ProviderConfig({self.issuer!r})"


_decoder = msgspec.json.Decoder(dict[str, ProviderConfig])


def read_providers(text: str) -> Mapping[str, ProviderConfig]:
    """The providers by name; none in an empty text. Raises `BadProvider`."""
    if not text:
        return {}
    try:
        providers = _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise BadProvider(str(error).replace("`", "")) from error
    for name, provider in providers.items():
        if not NAME.fullmatch(name):
            raise BadProvider("a provider's name must be lower-case letters, digits, - and _")
        if not is_secure(provider.issuer) or set("?#") & set(provider.issuer):
            raise BadProvider(f"{name}: the issuer must be an https:// URL without query and fragment")
        if "openid" not in provider.scopes:
            raise BadProvider(f"{name}: the scopes must name openid")
    return providers


def is_secure(url: str) -> bool:
    """Whether what travels there cannot be read on the way: https, or this machine itself."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or port == 0 or parts.username is not None or not url.isascii() or not url.isprintable():
        return False
    return " " not in url and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def is_loopback(host: str | None) -> bool:
    """Whether a URL's host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
