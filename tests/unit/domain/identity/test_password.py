"""Which passwords protect an account."""

import pytest

from domain.identity.password import check_password
from domain.shared.checks import Checks


def codes(password: str, *, common: bool = False) -> list[str]:
    checks = Checks()
    check_password(checks, password, "ada@example.org", lambda _: common)
    assert all(violation.pointer == "/password" for violation in checks.violations)
    return [violation.code for violation in checks.violations]


@pytest.mark.parametrize("password", ["twelve chars", "x" * 128, "ünïcödé pässw", "     spaces     "])
def test_takes_twelve_to_128_characters(password: str) -> None:
    assert codes(password) == []


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("eleven char", "too_short"),
        ("x" * 129, "too_long"),
        ("with a nul \0 in it", "not_text"),
        ("half a pair \ud800", "not_text"),
        ("Ada@Example.org", "same_as_email"),
    ],
)
def test_says_what_is_wrong(password: str, code: str) -> None:
    assert codes(password) == [code]


def test_refuses_a_common_one() -> None:
    assert codes("password1234", common=True) == ["too_common"]
