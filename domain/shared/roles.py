"""The roles an account can have; shared, because what one may do is asked everywhere."""

from enum import StrEnum


class Role(StrEnum):
    """What an account may do, least first."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"
