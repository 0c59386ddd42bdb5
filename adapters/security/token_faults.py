"""What was wrong with a token, in a word for the audit log; whoever sent it learns nothing of it."""

from collections.abc import Mapping
from typing import Final

from joserfc.errors import BadSignatureError, ClaimError, JoseError

OF_CLAIM: Final[Mapping[str, str]] = {
    "iss": "wrong_issuer",
    "aud": "wrong_audience",
    "exp": "expired_token",
    "nbf": "token_not_yet_valid",
    "iat": "token_not_yet_valid",
}


def fault_of(error: Exception) -> str | None:
    """The word for what the library found, None for what is simply no token."""
    if isinstance(error, BadSignatureError):
        return "bad_signature"
    if isinstance(error, ClaimError) and error.error != "missing_claim":
        return OF_CLAIM.get(error.claim)
    if isinstance(error, JoseError) and "algorithm" in error.error:
        return "wrong_algorithm"
    return None
