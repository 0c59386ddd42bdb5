"""`OIDC_PROVIDERS` is read whole or refused in one line that holds no secret."""

import json

import pytest

from adapters.oidc.config import BadProvider, is_secure, read_providers

GOOD = {"issuer": "https://accounts.google.com", "client_id": "kgl", "client_secret": "hush-hush"}


def test_reads_providers_with_their_defaults() -> None:
    assert read_providers("") == {}
    found = read_providers(json.dumps({"google": GOOD, "own-1": {**GOOD, "scopes": ["openid"]}}))
    assert found["google"].scopes == ("openid", "email", "profile")
    assert found["own-1"].scopes == ("openid",)
    assert found["google"].client_secret == "hush-hush"


@pytest.mark.parametrize(
    "providers",
    [
        [],
        {"google": {}},
        {"google": {**GOOD, "isuer": "x"}},
        {"google": {**GOOD, "client_id": ""}},
        {"google": {**GOOD, "client_id": "a b"}},
        {"google": {**GOOD, "client_secret": "hush-hush\n"}},
        {"google": {**GOOD, "client_secret": 7}},
        {"google": {**GOOD, "issuer": "http://accounts.google.com"}},
        {"google": {**GOOD, "issuer": "https://accounts.google.com?x"}},
        {"google": {**GOOD, "issuer": "https://"}},
        {"google": {**GOOD, "issuer": "accounts.google.com"}},
        {"google": {**GOOD, "scopes": ["email"]}},
        {"google": {**GOOD, "scopes": ["openid", "a b"]}},
        {"Google": GOOD},
        {"": GOOD},
        {"a/b": GOOD},
        {"x" * 65: GOOD},
    ],
)
def test_refuses_what_could_not_work(providers: object) -> None:
    with pytest.raises(BadProvider) as refusal:
        read_providers(json.dumps(providers))
    assert "hush-hush" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", ["x", "{", "[" * 100_000, "null", '{"a": 1}'])
def test_refuses_what_is_no_object_of_providers(text: str) -> None:
    with pytest.raises(BadProvider):
        read_providers(text)


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://a.example", True),
        ("https://a.example:8443/realms/x", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost", True),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://10.0.0.1", False),
        ("https://user@a.example", False),
        ("https://a.example:0", False),
        ("https://a.example:x", False),
        ("https://a example", False),
        ("javascript:alert(1)", False),
        ("//a.example", False),
        ("", False),
    ],
)
def test_knows_what_cannot_be_read_on_the_way(url: str, secure: bool) -> None:
    assert is_secure(url) is secure
