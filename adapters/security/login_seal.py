"""Seals a pending login into text for a cookie, so that only this installation reads or makes one."""

import base64
import binascii
import json
from datetime import datetime

from adapters.security.sealing import CannotOpen, Sealer
from application.identity.oidc_ports import LoginSeal, PendingLogin
from domain.identity.errors import LoginNotPending

PLACE = b"a login with a provider"
LONGEST = 4096  # what a browser keeps of one cookie


class SealedLogins(LoginSeal):
    """Nothing else that is sealed passes for a login: `PLACE` is part of the seal."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, pending: PendingLogin) -> str:
        plain = [
            pending.provider,
            pending.state,
            pending.nonce,
            pending.code_verifier,
            pending.expires_at.isoformat(),
        ]
        sealed = self._sealer.seal(json.dumps(plain).encode(), PLACE)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, sealed: str) -> PendingLogin:
        if len(sealed) > LONGEST:
            raise LoginNotPending
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            provider, state, nonce, code_verifier, expires_at = json.loads(self._sealer.open(raw, PLACE))
        except (CannotOpen, binascii.Error, ValueError) as error:
            raise LoginNotPending from error
        return PendingLogin(
            provider=provider,
            state=state,
            nonce=nonce,
            code_verifier=code_verifier,
            expires_at=datetime.fromisoformat(expires_at),
        )
