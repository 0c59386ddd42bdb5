"""What it means that somebody else is told nothing, for every test that calls operations as a stranger."""

from typing import Any
from uuid import uuid4

from entrypoints.http.operation import Operation
from tests.e2e.api.cases import CASES, perform
from tests.e2e.api.client import ids_in
from tests.e2e.api.declared import name_of
from tests.e2e.api.world import Account


def tells_nothing(operation: Operation[Any, Any], owner: Account, stranger: Account) -> None:
    """Calls it as the stranger about the owner's things: refused like things that do not exist, or served
    with the stranger's own alone."""
    case = CASES[name_of(operation)]
    things = {**owner.ids, **(case.fresh(owner) if case.fresh else {})}
    used = case.fresh(stranger) if case.fresh else {}
    tokens: dict[str, str] = {name: used[name] for name in ("token", "refresh_token") if name in used}
    reply = perform(operation, stranger, {**things, **tokens})
    assert reply.status_code == case.stranger, reply.text
    assert owner.mark not in reply.text
    assert owner.email not in reply.text
    assert not ids_in(reply) & (owner.known | set(things.values()))
    if case.stranger in (404, 422):
        invented = {name: str(uuid4()) for name in things}
        unknown = perform(operation, stranger, {**invented, **tokens})
        assert told(reply.json()) == told(unknown.json()), "existence shows"
    if case.pointer is not None:
        assert case.pointer in [each["pointer"] for each in reply.json()["errors"]]


def told(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem without what differs between any two requests."""
    return {name: value for name, value in problem.items() if name not in ("instance", "request_id")}
