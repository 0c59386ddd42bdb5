"""Credentials of providers over HTTP: put in once, and never shown again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from application.credentials.delete_credential import DeleteCredential, DeleteCredentialCommand
from application.credentials.queries import CredentialQueries, CredentialView, credential_view
from application.credentials.store_credential import StoreCredential, StoreCredentialCommand
from application.shared.permissions import Permission
from domain.credentials.credential import Provider
from domain.credentials.errors import CredentialNotFound
from domain.shared.errors import InvalidInput, NotFound, PreconditionFailed, Unavailable
from domain.shared.secret import HIDDEN, Secret
from entrypoints.http.operation import Call, NoQuery, Operation, Reply

# Shared caches and the browser's own disk have no business with any of this.
PRIVATE = {"Cache-Control": "no-store", "Vary": "Authorization"}
Token = Annotated[
    str,
    Meta(extra_json_schema={"format": "password", "minLength": 8, "maxLength": 1000, "writeOnly": True}),
]
PATH = "/settings/credentials/{provider}"


class CredentialBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The token as the provider gave it out."""

    token: Token

    def __repr__(self) -> str:
        return f"CredentialBody(token={HIDDEN})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsOverHttp:
    """The use cases and queries these operations call."""

    store_credential: StoreCredential
    delete_credential: DeleteCredential
    queries: CredentialQueries

    async def all(self, call: Call[None, NoQuery]) -> Reply:
        own = await self.queries.all(call.principal.user_id)
        return Reply(data=[credential_view(credential) for credential in own], headers=PRIVATE)

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        credential = await self.queries.find(call.principal.user_id, provider_of(call))
        if credential is None:
            raise CredentialNotFound
        return Reply(data=credential_view(credential), version=credential.version, headers=PRIVATE)

    async def put(self, call: Call[CredentialBody, NoQuery]) -> Reply:
        stored = await self.store_credential(
            StoreCredentialCommand(
                principal=call.principal,
                provider=provider_of(call),
                token=Secret(call.body.token),
                expected_version=call.expected_version(),
            )
        )
        return Reply(
            data=credential_view(stored.credential),
            status=201 if stored.created else 200,
            version=stored.credential.version,
            headers=PRIVATE,
        )

    async def delete(self, call: Call[None, NoQuery]) -> Reply:
        await self.delete_credential(
            DeleteCredentialCommand(
                principal=call.principal,
                provider=provider_of(call),
                expected_version=call.expected_version(),
            )
        )
        return Reply()


def provider_of(call: Call[Any, Any]) -> Provider:
    """The provider in the path. Raises `CredentialNotFound` for one that is none of ours."""
    try:
        return Provider(call.path["provider"])
    except ValueError as error:
        known = " and ".join(sorted(Provider))
        raise CredentialNotFound(f"there is no such provider; there are {known}") from error


def operations(credentials: CredentialsOverHttp) -> Sequence[Operation[Any, Any]]:
    """Store, look at and forget the credentials of one's own account."""
    return [
        Operation(
            method="GET",
            path="/settings/credentials",
            handler=credentials.all,
            summary="List the credentials of providers one has stored",
            tag="settings",
            permission=Permission.CREDENTIALS_READ,
            reply=list[CredentialView],
            raises=(InvalidInput,),
            description="At most one of each provider, by its name; masked, as everywhere.",
        ),
        Operation(
            method="GET",
            path=PATH,
            handler=credentials.get,
            summary="See that a provider's credential is stored",
            tag="settings",
            permission=Permission.CREDENTIALS_READ,
            reply=CredentialView,
            raises=(InvalidInput, NotFound),
        ),
        Operation(
            method="PUT",
            path=PATH,
            handler=credentials.put,
            summary="Store a provider's credential",
            tag="settings",
            permission=Permission.CREDENTIALS_WRITE,
            body=CredentialBody,
            reply=CredentialView,
            statuses={201: "Stored; there was none before."},
            conditional=True,
            raises=(InvalidInput, NotFound, PreconditionFailed, Unavailable),
            description=(
                "`huggingface` or `openai`. The provider is asked first: a token it refuses is refused with "
                "422 at `/token`, and when it cannot be asked nothing is stored (503). What is stored is "
                "encrypted and never shown again."
            ),
        ),
        Operation(
            method="DELETE",
            path=PATH,
            handler=credentials.delete,
            summary="Forget a provider's credential",
            tag="settings",
            permission=Permission.CREDENTIALS_WRITE,
            status=204,
            conditional=True,
            raises=(InvalidInput, NotFound, PreconditionFailed),
            description="For good. It stays valid at the provider until it is revoked there.",
        ),
    ]
