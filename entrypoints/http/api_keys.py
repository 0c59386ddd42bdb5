"""API keys over HTTP: made and shown once, listed, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.identity.api_key_queries import API_KEY_SORTS, ApiKeyQueries, ApiKeyView, api_key_view
from application.identity.create_api_key import CreateApiKey, CreateApiKeyCommand
from application.identity.revoke_api_key import RevokeApiKey, RevokeApiKeyCommand
from application.shared.permissions import Permission
from domain.identity.api_key import WantedKey
from domain.identity.api_key_errors import ApiKeyNotFound
from domain.shared.errors import Conflict, InvalidInput, NotFound
from domain.shared.ids import ApiKeyId
from entrypoints.http.api_key_bodies import ApiKeyBody, NewApiKey
from entrypoints.http.operation import Call, NoQuery, Operation, PageQuery, Reply

PATH = "/api/v1/auth/api-keys"
# Nobody on the way may keep a key.
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeysOverHttp:
    """The use cases and queries these operations call."""

    create_api_key: CreateApiKey
    revoke_api_key: RevokeApiKey
    api_keys: ApiKeyQueries

    async def create(self, call: Call[ApiKeyBody, NoQuery]) -> Reply:
        body = call.body
        wanted = WantedKey(
            name=body.name, scopes=body.scopes, expires_at=body.expires_at, expires_in=body.expires_in
        )
        made = await self.create_api_key(CreateApiKeyCommand(principal=call.principal, wanted=wanted))
        return Reply(
            data=shown(made.view, made.text.reveal()), location=f"{PATH}/{made.view.id}", headers=NO_STORE
        )

    async def replay(self, call: Call[ApiKeyBody, NoQuery], key_id: UUID) -> Reply:
        """The key as it is now. Its secret was shown to the first request, and nobody has it any more."""
        key = await self.api_keys.api_key(call.principal.user_id, ApiKeyId(key_id))
        return Reply(data=shown(api_key_view(key), None), location=f"{PATH}/{key.id}", headers=NO_STORE)

    async def list(self, call: Call[None, PageQuery]) -> Reply:
        page = await self.api_keys.api_keys(call.principal.user_id, call.page(API_KEY_SORTS))
        return Reply(
            data=[api_key_view(key) for key in page.rows], next=page.next, headers={"Vary": "Authorization"}
        )

    async def get(self, call: Call[None, NoQuery]) -> Reply:
        key = await self.api_keys.api_key(call.principal.user_id, ApiKeyId(call.id("api_key_id")))
        if key.revoked_at is not None:
            raise ApiKeyNotFound
        # Nothing about a key changes but when it was last used.
        version = int(key.last_used_at.timestamp()) if key.last_used_at else 0
        return Reply(data=api_key_view(key), version=version, headers={"Vary": "Authorization"})

    async def revoke(self, call: Call[None, NoQuery]) -> Reply:
        key_id = ApiKeyId(call.id("api_key_id"))
        await self.revoke_api_key(RevokeApiKeyCommand(principal=call.principal, key_id=key_id))
        return Reply()


def shown(view: ApiKeyView, text: str | None) -> NewApiKey:
    """A key with its text."""
    return NewApiKey(
        id=view.id,
        name=view.name,
        prefix=view.prefix,
        scopes=view.scopes,
        created_at=view.created_at,
        expires_at=view.expires_at,
        last_used_at=view.last_used_at,
        key=text,
    )


def operations(keys: ApiKeysOverHttp) -> Sequence[Operation[Any, Any]]:
    """For people only: a key must not be able to make, find or revoke keys."""
    return [
        Operation(
            method="POST",
            path="/auth/api-keys",
            handler=keys.create,
            summary="Make an API key for a program",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            body=ApiKeyBody,
            reply=NewApiKey,
            status=201,
            raises=(InvalidInput, Conflict),
            replay=keys.replay,
            description=(
                "`key` is shown this once and stored as a hash: send it as `Authorization: Bearer kgl_...`, "
                "or trade it for access tokens with `grant_type=client_credentials`. `read` reads, `write` "
                "does that and changes things, `admin`, for administrators only, does all that and "
                "administers. A repeated `Idempotency-Key` makes no second key, and gets `key: null`: if the "
                "first reply was lost, revoke the key and make another."
            ),
        ),
        Operation(
            method="GET",
            path="/auth/api-keys",
            handler=keys.list,
            summary="List the API keys of one's own account",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            query=PageQuery,
            reply=list[ApiKeyView],
            raises=(InvalidInput,),
            description="Those not revoked, expired ones too. `last_used_at` is right to the minute.",
        ),
        Operation(
            method="GET",
            path="/auth/api-keys/{api_key_id}",
            handler=keys.get,
            summary="Read an API key",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            reply=ApiKeyView,
            raises=(NotFound,),
            description="Never its secret. A revoked key is gone.",
        ),
        Operation(
            method="DELETE",
            path="/auth/api-keys/{api_key_id}",
            handler=keys.revoke,
            summary="Revoke an API key",
            tag="auth",
            permission=Permission.ACCOUNT_SECURE,
            status=204,
            raises=(NotFound,),
            description="At once: it and the tokens it got are refused, and its sockets closed.",
        ),
    ]
