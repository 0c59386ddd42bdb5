"""Many entities or relationships in one request over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec

from application.graph.write_bulk import (
    BulkResultNotFound,
    BulkResultQueries,
    BulkView,
    WriteBulk,
    WriteBulkCommand,
)
from application.shared.permissions import Permission
from domain.graph.bulk import BulkMode
from domain.shared.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from entrypoints.http.operation import Call, NoQuery, Operation, Reply
from entrypoints.http.schema_warnings import warnings_of

SHOWN_WARNINGS = 100


class BulkBody(msgspec.Struct, forbid_unknown_fields=True):
    """`items`: up to 10,000, each with the fields of a single one, and `id` if it is to have one of yours.
    `mode`: `upsert` changes what is there already, by its external id and source, else its id (else, for
    relationships, its ends and type); `create` refuses it."""

    items: list[dict[str, Any]]
    mode: Literal["upsert", "create"] = "upsert"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphBulkOverHttp:
    """The use cases and queries these operations call."""

    write_bulk: WriteBulk
    results: BulkResultQueries

    async def entities(self, call: Call[BulkBody, NoQuery]) -> Reply:
        return await self._write(call, relationships=False)

    async def relationships(self, call: Call[BulkBody, NoQuery]) -> Reply:
        return await self._write(call, relationships=True)

    async def already_written(self, call: Call[BulkBody, NoQuery], batch_id: UUID) -> Reply:
        view = await self.results.get(call.principal.user_id, batch_id)
        if view is None:
            raise BulkResultNotFound
        return replied(view)

    async def _write(self, call: Call[BulkBody, NoQuery], *, relationships: bool) -> Reply:
        command = WriteBulkCommand(
            principal=call.principal,
            rows=call.body.items,
            mode=BulkMode(call.body.mode),
            relationships=relationships,
        )
        return replied(await self.write_bulk(command))


def replied(view: BulkView) -> Reply:
    """The answer, with the first warnings where those of single writes are."""
    warned = [problem for row in view.rows for problem in row.warnings]
    return Reply(data=view, meta=warnings_of(warned[:SHOWN_WARNINGS]))


def operations(over_http: GraphBulkOverHttp) -> Sequence[Operation[Any, Any]]:
    """Write many."""
    described = (
        "One transaction; refused rows do not keep the others from being written. Rows are held to the "
        "declared schema like single writes, each to those before it: what it enforces is among a row's "
        f"`errors`, what it warns of among its `warnings`; the first {SHOWN_WARNINGS} are in `meta.warnings` "
        "too."
    )
    return [
        Operation(
            method="POST",
            path=f"/{kind}/bulk",
            handler=handler,
            replay=over_http.already_written,
            summary=f"Write up to 10,000 {kind}",
            tag="graph",
            permission=Permission.GRAPH_WRITE,
            body=BulkBody,
            reply=BulkView,
            raises=(InvalidInput, NotAuthenticated, Conflict, NotFound),
            description=described,
        )
        for kind, handler in (
            ("entities", over_http.entities),
            ("relationships", over_http.relationships),
        )
    ]
