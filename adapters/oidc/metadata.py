"""What a provider says of itself (OpenID Connect Discovery 1.0), as far as it can be accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.oidc.config import ProviderConfig, is_secure
from adapters.oidc.id_token import ALGORITHMS
from adapters.oidc.web import Unreachable

WELL_KNOWN: Final = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMetadata:
    """The endpoints, how to authenticate at them, and the signatures to expect."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    token_auth_method: str
    algorithms: tuple[str, ...]
    names_itself: bool


def discovery_url(issuer: str) -> str:
    """Where the document is: below the issuer of the settings, never of a client's choice."""
    return issuer.rstrip("/") + WELL_KNOWN


def metadata_of(document: Mapping[str, Any], config: ProviderConfig) -> ProviderMetadata:
    """What is used of the document. Raises `Unreachable` when it is not this issuer's, or cannot be used."""
    if document.get("issuer") != config.issuer:
        raise Unreachable("the discovery document is another issuer's")
    challenges = document.get("code_challenge_methods_supported")
    if isinstance(challenges, list) and "S256" not in challenges:
        raise Unreachable("the provider has no PKCE with S256")
    offered = document.get("id_token_signing_alg_values_supported", ["RS256"])
    algorithms = tuple(name for name in ALGORITHMS if isinstance(offered, list) and name in offered)
    if not algorithms:
        raise Unreachable("the provider signs with no algorithm that is accepted")
    userinfo = document.get("userinfo_endpoint")
    return ProviderMetadata(
        authorization_endpoint=endpoint(document, "authorization_endpoint"),
        token_endpoint=endpoint(document, "token_endpoint"),
        jwks_uri=endpoint(document, "jwks_uri"),
        userinfo_endpoint=None if userinfo is None else endpoint(document, "userinfo_endpoint"),
        token_auth_method=auth_method(document, config),
        algorithms=algorithms,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def endpoint(document: Mapping[str, Any], name: str) -> str:
    """An address that may be used. Raises `Unreachable`."""
    url = document.get(name)
    if not isinstance(url, str) or not is_secure(url) or "#" in url:
        raise Unreachable(f"{name} is missing or not https")
    return url


def auth_method(document: Mapping[str, Any], config: ProviderConfig) -> str:
    """How to say who asks for tokens. Raises `Unreachable`."""
    if not config.client_secret:
        return "none"
    offered = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    for method in ("client_secret_basic", "client_secret_post"):
        if isinstance(offered, list) and method in offered:
            return method
    raise Unreachable("the provider takes a client secret neither by header nor by form")
