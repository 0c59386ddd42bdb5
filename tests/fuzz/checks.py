"""What schemathesis cannot know: how this API refuses."""

import json
from typing import Any, TypeAlias

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.core.failures import Failure

AnyCase: TypeAlias = Case[Any]
PROBLEM = "application/problem+json"
PLAIN = "application/json"
MEMBERS = {"type", "title", "status", "detail", "instance", "request_id", "errors"}


class NotAProblem(Failure):
    """A refusal that is no problem document of ours."""

    __slots__ = ("case_id", "code", "message", "operation", "severity", "title")

    def __init__(self, *, operation: str, message: str) -> None:
        super().__init__(operation=operation, title="Not a problem document", message=message)


@schemathesis.check
def refusals_are_problems(ctx: CheckContext, response: Response, case: AnyCase) -> bool | None:
    """Every 4xx and 5xx is a problem document, or the plain refusal its operation documents (RFC 6749)."""
    if response.status_code < 400:
        return None
    wrong = wrong_with(response, case)
    if wrong:
        raise NotAProblem(operation=case.operation.label, message=f"{response.status_code}: {wrong}")
    return None


def wrong_with(response: Response, case: AnyCase) -> str:
    """What is wrong with a refusal, in words; nothing when it is right."""
    media = response.headers.get("content-type", [""])[0]
    if media == PLAIN:
        documented = case.operation.definition.raw["responses"].get(str(response.status_code), {})
        return "" if PLAIN in documented.get("content", {}) else "plain JSON, which is not documented"
    if media != PROBLEM:
        return f"its media type is {media!r}"
    if case.method == "HEAD":
        return "a body" if response.content else ""
    shown = json.loads(response.content)
    if not set(shown) >= MEMBERS:
        return f"its members are {sorted(shown)}"
    if shown["status"] != response.status_code:
        return f"it says {shown['status']}"
    pointers = [each["pointer"] for each in shown["errors"]]
    odd = [pointer for pointer in pointers if pointer and not pointer.startswith("/")]
    return f"no JSON pointer: {odd[0]!r}" if odd else ""
