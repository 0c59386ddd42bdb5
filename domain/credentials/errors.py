"""What credentials of providers refuse."""

from domain.shared.errors import Conflict, InvalidInput, NotFound, PreconditionFailed, Unavailable, Violation


class CredentialNotFound(NotFound):
    """There is no credential of this provider."""


class CredentialChanged(PreconditionFailed):
    """The credential has changed since it was read."""


class CredentialRefusedByProvider(InvalidInput):
    """The provider refuses this credential."""

    def __init__(self, provider: str) -> None:
        detail = f"credential refused by provider: {provider} does not accept it"
        super().__init__([Violation(pointer="/token", code="refused_by_provider", detail=detail)])


class ProviderUnavailable(Unavailable):
    """The provider could not be asked about this credential; nothing was stored."""


class CredentialsKeyMissing(Unavailable):
    """CREDENTIALS_KEY is not set: credentials of providers cannot be stored or used without it."""


class CredentialUnreadable(Conflict):
    """The credential cannot be read with the present CREDENTIALS_KEY; store it again."""
