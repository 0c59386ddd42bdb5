"""Providers are checked when the process starts, and the cookie is as safe as the address allows."""

import json

import pytest

from adapters.security.sealing import new_key
from entrypoints.http.oidc import LoginCookie
from entrypoints.policies import is_https
from entrypoints.settings import SettingsError, read_settings

PROVIDER = {"issuer": "https://login.example.org", "client_id": "kgl", "client_secret": "hush-hush"}
GOOD = {
    "OIDC_PROVIDERS": json.dumps({"test": PROVIDER}),
    "PUBLIC_URL": "https://kgl.example.org",
    "CREDENTIALS_KEY": new_key(),
}


def test_takes_providers_with_what_they_need() -> None:
    assert is_https(read_settings(GOOD))
    assert not is_https(read_settings({**GOOD, "PUBLIC_URL": "http://127.0.0.1:8000"}))
    assert read_settings({}).oidc_providers == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", ""),
        ("PUBLIC_URL", "http://kgl.example.org"),
        ("PUBLIC_URL", "kgl.example.org"),
        ("PUBLIC_URL", "https://kgl.example.org/?x"),
        ("CREDENTIALS_KEY", ""),
        ("OIDC_PROVIDERS", "test"),
        ("OIDC_PROVIDERS", json.dumps({"test": {**PROVIDER, "secret": "hush-hush"}})),
        ("OIDC_PROVIDERS", json.dumps({"test": {**PROVIDER, "issuer": "http://login.example.org"}})),
    ],
)
def test_names_the_variable_that_is_wrong_in_one_line(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings({**GOOD, name: value})
    said = str(refusal.value)
    assert said.startswith(f"{name}: ")
    assert "\n" not in said
    assert "hush-hush" not in said


def test_the_cookie_is_bound_to_this_host_over_https() -> None:
    header = LoginCookie(secure=True).holding("sealed", 600)
    expected = "__Host-kgl-login=sealed; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
    assert header == expected
    assert "Domain" not in header
