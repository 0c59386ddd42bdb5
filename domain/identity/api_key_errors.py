"""What is refused about API keys, the tokens they get, and the tickets of sockets."""

from domain.identity.errors import InvalidToken
from domain.shared.errors import Conflict, KnowledgeGraphError, NotAuthenticated, NotFound


class ApiKeyNotFound(NotFound):
    """There is no such API key."""


class TooManyApiKeys(Conflict):
    """This account has as many API keys as it may have; revoke one first."""


class InvalidApiKey(InvalidToken):
    """The API key is not valid, or not valid any more."""

    code = "invalid_api_key"


class InvalidClient(NotAuthenticated):
    """The client is unknown, or its secret is wrong or not valid any more."""

    code = "invalid_client"


class ScopeNotGranted(KnowledgeGraphError):
    """The API key was not made for this scope."""


class InvalidTicket(NotAuthenticated):
    """The ticket is not valid, or not valid any more; it is good once, and for seconds."""

    code = "invalid_ticket"
