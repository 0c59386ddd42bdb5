"""How one operation is called properly, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.api.things import Ids
from tests.e2e.api.world import Account

Make = Callable[[Account, Ids], dict[str, Any]]


def nothing(_: Account, __: Ids) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`body`, `query`, `files` and `form` are made from the caller and the ids it talks about.

    `owner` is answered to who owns the ids, `stranger` to who does not. `pointer` is where a refusal points
    when the id is in the body. `fresh` makes what the operation uses up; a `token` in it is called with.
    """

    body: Make | None = None
    query: Make = nothing
    files: Make | None = None
    form: Make | None = None
    owner: int = 200
    stranger: int = 200
    pointer: str | None = None
    fresh: Callable[[Account], dict[str, str]] | None = None
    is_stream: bool = False
    path_ids: Mapping[str, str] = None  # type: ignore[assignment]  # set below: a mapping is no default

    def __post_init__(self) -> None:
        object.__setattr__(self, "path_ids", self.path_ids or {})
