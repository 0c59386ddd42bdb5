"""What identity refuses."""

from domain.shared.errors import (
    Conflict,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    Unavailable,
)


class EmailTaken(Conflict):
    """There is already an account with this e-mail address."""


class UserNotFound(NotFound):
    """There is no such account."""


class SessionNotFound(NotFound):
    """There is no such session."""


class OwnAccount(Conflict):
    """Administrators cannot demote, deactivate or delete themselves."""


class UserChanged(PreconditionFailed):
    """The account has changed since it was read."""


class AccountChanged(Conflict):
    """The account was changed in this moment; try again."""


class InvalidCredentials(NotAuthenticated):
    """The e-mail address or the password is wrong."""

    code = "wrong_credentials"


class InvalidToken(NotAuthenticated):
    """The token is not valid, or not valid any more."""

    code = "invalid_token"


class InvalidRefreshToken(InvalidToken):
    """The refresh token is not valid, or not valid any more."""

    code = "invalid_refresh_token"


class TooBusy(Unavailable):
    """Too many people are logging in right now; try again."""


class ProviderNotFound(NotFound):
    """There is no such provider to log in with."""


class ProviderUnavailable(Unavailable):
    """The provider does not answer, or not as a provider should; try again later."""


class LoginNotPending(NotAuthenticated):
    """This login was not begun in this browser, is too old, or is over already; begin it again."""

    code = "login_not_pending"


class LoginDenied(NotAuthenticated):
    """The provider has not let you in."""

    code = "login_denied"


class UntrustedIdentity(NotAuthenticated):
    """What the provider says of you cannot be trusted; begin the login again."""

    code = "untrusted_identity"


class EmailNotVerified(NotPermitted):
    """The provider does not say that your e-mail address is verified: no account can be found or opened."""

    code = "email_not_verified"


class AccountInactive(NotPermitted):
    """This account is closed."""

    code = "account_inactive"


class LoginTooOld(NotPermitted):
    """This account has no password to ask for: log in again, and repeat this within five minutes."""

    code = "login_too_old"


class IdentityNotFound(NotFound):
    """There is no such identity."""


class IdentityTaken(Conflict):
    """This identity belongs to an account already."""


class LastWayIn(Conflict):
    """Without this identity and without a password nobody could log in any more; set a password first."""


class TokenOfKey(Conflict):
    """This token belongs to an API key: it ends with the key, or within minutes."""


class KeysChanged(Conflict):
    """The signing keys were changed in this moment by somebody else; look at them before you try again."""


class KeysSealedOtherwise(Unavailable):
    """The signing keys were sealed with a CREDENTIALS_KEY that is not given: put it behind the new one."""
