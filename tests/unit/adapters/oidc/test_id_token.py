"""An ID token is believed when a key of the provider signed exactly what was asked for, and not otherwise."""

import base64
import json
from typing import Any

import pytest
from joserfc.jwk import OctKey

from domain.identity.errors import UntrustedIdentity
from domain.identity.external_identity import Assertion
from tests.unit.adapters.oidc.stand_in import (
    ANSWER,
    EC,
    ISSUER,
    NOW,
    PENDING,
    RSA,
    STRANGE,
    StandIn,
    claims,
    signed,
)

SECONDS = int(NOW.timestamp())


async def asserted(token: object) -> Assertion:
    stand_in = StandIn()
    stand_in.id_token = token  # type: ignore[assignment]  # whatever a provider sends
    return await stand_in.provider().assertion(ANSWER, PENDING)


def unsigned(said: dict[str, Any], header: dict[str, object], signature: str = "") -> str:
    parts = (json.dumps(part).encode() for part in (header, said))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), signature])


@pytest.mark.parametrize(
    "token",
    [
        signed(claims()),
        signed(claims(), EC, "ES256"),
        signed(claims(aud=["kgl"])),
        signed(claims(aud=["kgl", "other"], azp="kgl")),
        signed(claims(exp=SECONDS - 59)),
        signed(claims(iat=SECONDS + 59, nbf=SECONDS + 59)),
    ],
)
async def test_believes_what_is_right(token: str) -> None:
    found = await asserted(token)
    assert (found.issuer, found.subject, found.email) == (ISSUER, "ada", "ada@example.org")
    assert found.email_verified is True


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"aud": {"kgl": 1}},
        {"aud": ["kgl", "other"]},
        {"aud": ["kgl", "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": "x" * 43},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": 7},
        {"nonce": "\N{SNOWMAN}"},
        {"exp": SECONDS - 61},
        {"exp": None},
        {"exp": True},
        {"exp": "soon"},
        {"exp": 10**400},
        {"iat": SECONDS + 61},
        {"iat": None},
        {"nbf": SECONDS + 61},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
    ],
)
async def test_refuses_what_it_should_not_say(changes: dict[str, object]) -> None:
    with pytest.raises(UntrustedIdentity):
        await asserted(signed(claims(**changes)))


HEADER = {"typ": "JWT", "kid": "rsa"}
PEM = RSA.as_pem(private=False)


@pytest.mark.parametrize(
    "token",
    [
        signed(claims(), STRANGE),
        signed(claims(), RSA, "RS256", kid="unknown"),
        signed(claims(), RSA, "RS256", kid="ec"),
        signed(claims(), RSA, "RS384"),
        signed(claims(), RSA, "PS256"),
        unsigned(claims(), {**HEADER, "alg": "none"}),
        unsigned(claims(), {**HEADER, "alg": "None"}),
        unsigned(claims(), {**HEADER, "alg": "RS256"}),
        unsigned(claims(), {**HEADER, "alg": ["RS256"]}),
        unsigned(claims(), {**HEADER}),
        unsigned(claims(), {"alg": "RS256", "kid": 7}, "AAAA"),
        signed(claims(), OctKey.import_key(b"a-secret" * 8), "HS256"),
        signed(claims(), OctKey.import_key(base64.b64encode(PEM)), "HS256"),
        signed(claims(), STRANGE, jwk=STRANGE.as_dict(private=False)),
        signed(claims(), STRANGE, jku="https://evil.example/jwks"),
        signed(claims()).rpartition(".")[0] + "." + signed(claims(sub="eve")).rpartition(".")[2],
        signed(claims())[:-4] + "AAAA",
        "",
        "..",
        "a.b.c",
        "\N{SNOWMAN}",
        "x" * 70_000,
        None,
        7,
        {},
    ],
)
async def test_refuses_what_the_provider_has_not_signed(token: object) -> None:
    with pytest.raises(UntrustedIdentity):
        await asserted(token)


@pytest.mark.parametrize("said", ["false", "true", 1, None, [], {"yes": True}])
async def test_only_true_is_verified(said: object) -> None:
    found = await asserted(signed(claims(email_verified=said)))
    assert found.email_verified is False


@pytest.mark.parametrize("email", [None, 7, ["ada@example.org"], {"email": 1}])
async def test_an_address_that_is_no_text_is_none(email: object) -> None:
    stand_in = StandIn()
    stand_in.metadata.pop("userinfo_endpoint")
    stand_in.id_token = signed(claims(email=email))
    assert (await stand_in.provider().assertion(ANSWER, PENDING)).email is None
