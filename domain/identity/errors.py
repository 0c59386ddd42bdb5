"""What identity refuses."""

from domain.shared.errors import Conflict, NotAuthenticated, NotFound, PreconditionFailed, Unavailable


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


class InvalidToken(NotAuthenticated):
    """The token is not valid, or not valid any more."""


class InvalidRefreshToken(InvalidToken):
    """The refresh token is not valid, or not valid any more."""


class TooBusy(Unavailable):
    """Too many people are logging in right now; try again."""
