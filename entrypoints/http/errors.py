"""The one table from domain errors to HTTP, and the problem documents (RFC 9457) they become."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from domain.shared import errors

PROBLEM = "application/problem+json"
PAGES = "/api/v1/problems"


class BadRequest(errors.KnowledgeGraphError):
    """The request cannot be read."""


class UnsupportedMediaType(errors.KnowledgeGraphError):
    """The body's media type is not one this operation reads."""


class TooLarge(errors.KnowledgeGraphError):
    """The request body is too large."""


class NoSuchRoute(errors.KnowledgeGraphError):
    """There is no such resource."""


class MethodNotAllowed(errors.KnowledgeGraphError):
    """This resource does not support that method."""


class TooManyRequests(errors.KnowledgeGraphError):
    """This caller has used up what it may ask for."""

    def __init__(self, policy: str, retry_after: int) -> None:
        super().__init__(f"the limit {policy!r} is used up; try again in {retry_after} s")
        self.policy, self.retry_after = policy, retry_after


class Unexpected(errors.KnowledgeGraphError):
    """Something went wrong on our side; it has been logged under this request's id."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one error shows: its status, the last part of its type URI, its title, and what to do."""

    status: int
    slug: str
    title: str
    advice: str


# Looked up along the class's own inheritance, nearest first: a feature's errors need no entry.
TABLE: dict[type[errors.KnowledgeGraphError], Kind] = {
    BadRequest: Kind(400, "bad-request", "Bad request", "Send well-formed HTTP and JSON (RFC 8259, UTF-8)."),
    errors.NotAuthenticated: Kind(
        401, "not-authenticated", "Not authenticated", "Send a valid access token: `Authorization: Bearer …`."
    ),
    errors.NotPermitted: Kind(403, "not-permitted", "Not permitted", "Ask an account with the named role."),
    errors.NotFound: Kind(
        404, "not-found", "Not found", "Check the address. Other users' things look like this too."
    ),
    NoSuchRoute: Kind(404, "not-found", "Not found", "Check the address."),
    MethodNotAllowed: Kind(405, "method-not-allowed", "Method not allowed", "Use a method named in `Allow`."),
    errors.Conflict: Kind(409, "conflict", "Conflict", "Read the present state and decide again."),
    errors.RequestInFlight: Kind(
        409, "request-in-flight", "Request in flight", "Repeat it later with the same Idempotency-Key."
    ),
    errors.PreconditionFailed: Kind(
        412, "precondition-failed", "Precondition failed", "Read it again and send its present ETag."
    ),
    TooLarge: Kind(413, "too-large", "Too large", "Send less in one request."),
    UnsupportedMediaType: Kind(
        415, "unsupported-media-type", "Unsupported media type", "Use a media type the operation documents."
    ),
    errors.InvalidInput: Kind(
        422, "invalid-input", "Invalid input", "Correct what `errors` points at (JSON Pointers, RFC 6901)."
    ),
    errors.IdempotencyKeyReused: Kind(
        422, "idempotency-key-reused", "Idempotency key reused", "Take a new key for a new request."
    ),
    TooManyRequests: Kind(
        429,
        "quota-exceeded",
        "Quota exceeded",
        "Wait as many seconds as `Retry-After` says. `RateLimit` tells before how many requests are left.",
    ),
    errors.Unavailable: Kind(503, "unavailable", "Unavailable", "Repeat the request a little later."),
    Unexpected: Kind(500, "unexpected", "Unexpected error", "Report it with its request_id."),
}


class ProblemError(msgspec.Struct):
    """One broken rule of the input."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, kw_only=True):
    """A problem document."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[ProblemError] = []


class QuotaProblem(Problem, kw_only=True):
    """The problem document of a 429 (draft-ietf-httpapi-ratelimit-headers-10, 5.1)."""

    violated_policies: list[str] = msgspec.field(name="violated-policies", default_factory=list)


def kind_of(error_type: type[errors.KnowledgeGraphError]) -> Kind:
    """The nearest entry of the table; an error nobody placed is ours to answer for."""
    for ancestor in error_type.__mro__:
        if ancestor in TABLE:
            return TABLE[ancestor]
    return TABLE[Unexpected]


def violations_of(error: errors.KnowledgeGraphError) -> Sequence[errors.Violation]:
    """What the error points at, if anything."""
    return error.violations


def problem(error: errors.KnowledgeGraphError, instance: str, request_id: str) -> Problem:
    """The document for one error. An unplaced error's own words stay inside."""
    kind = kind_of(type(error))
    shown = Problem(
        type=f"{PAGES}/{kind.slug}",
        title=kind.title,
        status=kind.status,
        detail=error.detail if kind is not TABLE[Unexpected] else Unexpected().detail,
        instance=instance,
        request_id=request_id,
        errors=[ProblemError(v.pointer, v.code, v.detail) for v in violations_of(error)],
    )
    if isinstance(error, TooManyRequests):
        return QuotaProblem(**msgspec.structs.asdict(shown), violated_policies=[error.policy])
    return shown
