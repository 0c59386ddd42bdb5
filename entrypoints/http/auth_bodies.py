"""What accounts and tokens look like on the wire."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

# What the domain holds these values to, for the documentation alone: the domain names every broken rule.
Email = Annotated[str, Meta(extra_json_schema={"format": "email", "maxLength": 254})]
NewPassword = Annotated[
    str, Meta(extra_json_schema={"format": "password", "minLength": 12, "maxLength": 128})
]
Password = Annotated[str, Meta(extra_json_schema={"format": "password"})]
PersonName = Annotated[str, Meta(extra_json_schema={"maxLength": 100})]


class RegisterBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new account. The password must not be among the commonest."""

    email: Email
    password: NewPassword
    first_name: PersonName | None = None
    last_name: PersonName | None = None


class LogInBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A login."""

    email: Email
    password: Password


class RefreshBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The refresh token of the last reply."""

    refresh_token: str


class LogOutBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`all` ends every session of the account, not only this one."""

    all: bool = False


class ProfilePatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A merge patch (RFC 7396) of a profile: null takes a value away."""

    first_name: PersonName | UnsetType | None = UNSET
    last_name: PersonName | UnsetType | None = UNSET


class PasswordChangeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The password there is and the one there shall be. An account that has none yet, because a login with a
    provider opened it, leaves the first one out, within five minutes of a login."""

    current_password: Password | None = None
    new_password: NewPassword


class DeleteAccountBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The password, once more. An account that has none leaves it out, within five minutes of a login."""

    password: Password | None = None


class TokenReply(msgspec.Struct, kw_only=True):
    """RFC 6749, 5.1. `expires_in` is the access token's, in seconds. A program gets no refresh token, and
    is told the scopes of its token."""

    access_token: str
    refresh_token: str | UnsetType = UNSET
    token_type: str
    expires_in: int
    scope: str | UnsetType = UNSET


class OAuthRefusal(msgspec.Struct, kw_only=True):
    """RFC 6749, 5.2."""

    error: str
    error_description: str
