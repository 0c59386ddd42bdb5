"""Where credentials of users are sent is the operator's word, and is checked before anything is sent."""

import pytest

from entrypoints.settings import SettingsError, read_settings

NAMES = ("OPENAI_BASE_URL", "HUGGING_FACE_BASE_URL")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "url",
    [
        "api.openai.com",
        "ftp://api.openai.com",
        "file:///etc/passwd",
        "https://",
        "https://host:port/",
        "https://host:99999/",
        "https://[::1/",
        "https://key:secret@host/",
        "https://host/?a=1",
        "https://host/#a",
        "https://ho st/",
        "https://host/\r\nX: 1",
    ],
)
def test_refuses_what_is_no_address_and_names_the_variable(name: str, url: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: ") as refused:
        read_settings({name: url})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "url", ["https://api.openai.com/v1", "http://127.0.0.1:8080", "https://[::1]:8443/v1/"]
)
def test_takes_addresses(name: str, url: str) -> None:
    assert getattr(read_settings({name: url}), name.lower()) == url


@pytest.mark.parametrize("seconds", ["0", "-1", "61", "soon"])
def test_bounds_the_patience_with_providers(seconds: str) -> None:
    with pytest.raises(SettingsError, match="PROVIDER_CHECK_TIMEOUT"):
        read_settings({"PROVIDER_CHECK_TIMEOUT": seconds})
