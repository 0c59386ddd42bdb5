"""What the environment says about limits and proxies: taken as it is meant, or named in one line."""

import pytest

from entrypoints.rate_limits import POLICIES, open_rate_limits, quotas
from entrypoints.settings import SettingsError, read_settings


def test_every_policy_has_a_default_that_lets_people_work() -> None:
    found = quotas(read_settings({}))
    assert set(found) == set(POLICIES.values())
    assert found["default"].policy == b'"default";q=2000;w=10'
    assert all(quota.amount >= 10 for quota in found.values())


@pytest.mark.parametrize("variable", sorted(POLICIES))
@pytest.mark.parametrize(
    "wrong", ["many", "0/minute", "10/fortnight", "5/minute;1/second", "3/2day", "-1/hour"]
)
def test_names_the_variable_that_is_no_limit(variable: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: must be "):
        quotas(read_settings({variable: wrong}))


@pytest.mark.parametrize(
    ("variable", "wrong"),
    [
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("REDIS_URL", "http://localhost"),
        ("PROXY_HEADER", "x-real-ip"),
        ("RATE_LIMITS", "perhaps"),
    ],
)
def test_names_what_is_wrong(variable: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: "):
        read_settings({variable: wrong})


def test_proxies_are_a_list() -> None:
    settings = read_settings({"TRUSTED_PROXIES": " 10.0.0.0/8, 2001:db8::1,unix ,"})
    assert settings.proxies == ["10.0.0.0/8", "2001:db8::1", "unix"]


async def test_they_can_be_switched_off_but_must_be_right_all_the_same() -> None:
    async with open_rate_limits(read_settings({"RATE_LIMITS": "off"})) as limits:
        assert limits is None
    with pytest.raises(SettingsError):
        async with open_rate_limits(read_settings({"RATE_LIMITS": "off", "RATE_LIMIT": "many"})):
            pass


async def test_a_redis_address_that_cannot_be_read_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^REDIS_URL: "):
        async with open_rate_limits(read_settings({"REDIS_URL": "redis://localhost:port/0"})):
            pass
