"""One declaration per operation: the route, the OpenAPI and the access rule are all read from it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from quart import Request

from application.shared.pages import Page, PageRequest, Position
from application.shared.permissions import PERMISSIONS, Permission, Rule
from application.shared.principal import Principal, Trace
from domain.shared.errors import InvalidInput, KnowledgeGraphError, NotFound, PreconditionFailed, Violation
from entrypoints.http.cursors import Cursors
from entrypoints.http.rate_limits import LimitClass, RateLimits

Body = TypeVar("Body")
Query = TypeVar("Query")


class NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """An operation without query parameters refuses every one."""


class PageQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every list accepts; a list adds its filters in a subclass."""

    # For the documentation alone: `Call.page` refuses what is outside.
    limit: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": 200})] = 50
    cursor: str | None = None
    sort: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a handler answers.

    `version` becomes a strong ETag; `next` the cursor and `Link` of the next page; `status` overrides the
    operation's; `raw` is sent as it is, without the envelope, with `media_type`; so is `stream`, piece by
    piece, closed when the client leaves (a generator that was not begun by then never runs). `refused` is
    what a refusal in another standard's words came from.
    """

    data: object = None
    status: int | None = None
    version: int | str | None = None
    location: str | None = None
    next: Position | None = None
    meta: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    stream: AsyncIterator[bytes] | None = None
    refused: KnowledgeGraphError | None = None
    media_type: str = "application/json"


@dataclass(slots=True, kw_only=True)
class Call(Generic[Body, Query]):
    """One request, authenticated and decoded."""

    request: Request
    trace: Trace
    path: Mapping[str, str]
    body: Body
    query: Query
    cursors: Cursors
    caller: Principal | None = None
    limits: RateLimits | None = None

    @property
    def principal(self) -> Principal:
        """Who calls. Only operations that anyone may call have nobody here, and do not ask."""
        if self.caller is None:
            raise RuntimeError("an operation open to anyone asked for its caller")
        return self.caller

    async def count_attempt(self, email: str) -> None:
        """Counts an attempt to log in as somebody. Raises `TooManyRequests`."""
        if self.limits is not None:
            await self.limits.account(self.request.scope, email)

    def id(self, name: str) -> UUID:
        """An id from the path. What cannot be an id names nothing: raises `NotFound`."""
        try:
            return UUID(self.path[name])
        except ValueError as error:
            raise NotFound from error

    def expected_version(self) -> int | None:
        """The version `If-Match` demands, None without the header or for `*` (RFC 9110, 13.1.1)."""
        header = self.request.headers.get("If-Match", "").strip()
        if header in ("", "*"):
            return None
        tag = header.strip('"')
        if header != f'"{tag}"' or not tag.isdecimal() or len(tag) > 18:
            raise PreconditionFailed
        return int(tag)

    def page(self, sorts: tuple[str, ...], default: str = "-created_at") -> PageRequest:
        """The page a list was asked for; `sorts` are the fields it can be ordered by.

        Raises `InvalidInput` for a limit outside 1..200, another sort, or a cursor that is not ours or
        belongs to another list.
        """
        query = self.query
        if not isinstance(query, PageQuery):
            raise TypeError("this operation declares no page parameters")
        if not 1 <= query.limit <= 200:
            raise InvalidInput([Violation(pointer="/limit", code="out_of_range", detail="must be 1 to 200")])
        sort = query.sort or default
        name = sort.removeprefix("-")
        if name not in sorts:
            listed = ", ".join(sorts)
            raise InvalidInput(
                [Violation(pointer="/sort", code="unknown_sort", detail=f"must be one of {listed}")]
            )
        after = self.cursors.read(query.cursor, self.list_name()) if query.cursor else None
        return PageRequest(sort=name, descending=sort.startswith("-"), limit=query.limit, after=after)

    def list_name(self) -> str:
        """What a cursor is good for: this path with these filters in this order."""
        return self.request.path + "?" + cursorless(self.request)


def cursorless(request: Request) -> str:
    """The query string in a canonical order, without the page's own parameters."""
    pairs = sorted((k, v) for k, v in request.args.items(multi=True) if k not in ("cursor", "limit"))
    return "&".join(f"{key}={value}" for key, value in pairs)


Json = TypeVar("Json", bound=str)


def written(page: Page[Json]) -> Reply:
    """A list whose rows were read as JSON, to be passed on unread."""
    return Reply(data=[msgspec.Raw(row) for row in page.rows], next=page.next)


Handler = Callable[[Call[Body, Query]], Awaitable[Reply]]
Replay = Callable[[Call[Body, Query], UUID], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Body, Query]):
    """One method on one path below `/api/v1`.

    `permission` is a row of the table, None for what anyone may do. `body` and `query` are msgspec Structs
    that forbid unknown fields (None: the operation takes no body); a field `metadata: dict[str, str]` of a
    query collects `metadata.KEY` parameters. `reply` is the type of `data`. `raises` are the refusals a
    caller must expect beyond those every operation shares. `replay` answers a repeated `Idempotency-Key` with
    what the first request made; operations that have it accept the header. `conditional` ones accept
    `If-Match`. With `raw_body` the handler reads the request's body itself, and may do without it when it is
    an `optional_body`; with `raw_reply` the reply has no envelope. `produces` is the media type of a reply
    that is no JSON, `also_produces` what else it can be. `plain_refusals` are the shapes, by status, of
    refusals that another standard wants in words of its own. `limit` says what its callers are counted as.
    """

    method: str
    path: str
    handler: Handler[Body, Query]
    summary: str
    tag: str
    permission: Permission | None
    limit: LimitClass = LimitClass.DEFAULT
    body: type[Body] | None = None
    query: type[Query] = NoQuery  # type: ignore[assignment]  # the default for operations without parameters
    reply: Any = None
    status: int = 200
    raises: tuple[type[KnowledgeGraphError], ...] = ()
    replay: Replay[Body, Query] | None = None
    conditional: bool = False
    media_types: tuple[str, ...] = ("application/json",)
    raw_body: bool = False
    optional_body: bool = False
    raw_reply: bool = False
    produces: str = "application/json"
    also_produces: tuple[str, ...] = ()
    prefix: str = "/api/v1"
    description: str = ""
    statuses: Mapping[int, str] = field(default_factory=dict)
    plain_refusals: Mapping[int, Any] = field(default_factory=dict)

    @property
    def rule(self) -> Rule | None:
        """Who may call it; None for anyone."""
        return None if self.permission is None else PERMISSIONS[self.permission]
