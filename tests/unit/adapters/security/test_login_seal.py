"""A pending login comes back as it was sealed, and nothing else comes back at all."""

import base64
from datetime import UTC, datetime

import pytest

from adapters.security.login_seal import SealedLogins
from adapters.security.sealing import Sealer, new_key
from application.identity.oidc_ports import PendingLogin
from domain.identity.errors import LoginNotPending

PENDING = PendingLogin(
    provider="test",
    state="s" * 43,
    nonce="n" * 43,
    code_verifier="v" * 43,
    expires_at=datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC),
)


def test_opens_what_it_sealed() -> None:
    key = new_key()
    sealed = SealedLogins(Sealer.of(key)).seal(PENDING)
    assert SealedLogins(Sealer.of(f"{new_key()},{key}")).open(sealed) == PENDING
    assert sealed.replace("-", "").replace("_", "").isalnum()
    assert len(sealed) < 500, "a cookie of a modest size"


def test_opens_nothing_else() -> None:
    sealer = Sealer.of(new_key())
    logins = SealedLogins(sealer)
    sealed = logins.seal(PENDING)
    elsewhere = SealedLogins(Sealer.of(new_key())).seal(PENDING)
    raw = sealer.seal(b'["test", "s", "n", "v", "2026-11-21T12:00:00+00:00"]', b"another place")
    elsewhere_too = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    changed = [
        sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :] for at in (0, 20, 60, 200)
    ]
    for text in (
        "",
        "x",
        "====",
        "\N{SNOWMAN}",
        "A" * 5000,
        sealed[:-1],
        sealed + "A",
        elsewhere,
        elsewhere_too,
        *changed,
    ):
        with pytest.raises(LoginNotPending):
            logins.open(text)
