"""Rules for values that any feature takes from people, collected so that one reply names every broken one."""

import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from domain.shared.errors import InvalidInput, Violation
from domain.shared.json import Json, JsonObject

METADATA_BYTES = 64 * 1024
METADATA_DEPTH = 32

# What no Postgres text can hold: U+0000, and halves of surrogate pairs, which are no characters.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


class Checks:
    """Collects violations; `finish` raises them together."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def refuse(self, pointer: str, code: str, detail: str) -> None:
        """Notes one broken rule."""
        self.violations.append(Violation(pointer=pointer, code=code, detail=detail))

    def finish(self) -> None:
        """Raises `InvalidInput` with all that was noted, if anything was."""
        if self.violations:
            raise InvalidInput(self.violations)

    def text(self, pointer: str, value: str, *, longest: int, shortest: int = 0) -> str:
        """The value without surrounding white space; its length is counted in code points."""
        if _NOT_TEXT.search(value):
            self.refuse(pointer, "not_text", "must not contain U+0000 or lone surrogates")
            return value
        value = value.strip()
        if len(value) < shortest:
            self.refuse(pointer, "too_short", f"must have at least {shortest} visible character(s)")
        elif len(value) > longest:
            self.refuse(pointer, "too_long", f"must have at most {longest} characters")
        return value

    def optional_text(self, pointer: str, value: str | None, *, longest: int) -> str | None:
        """Like `text`; what is empty counts as absent."""
        return None if value is None else self.text(pointer, value, longest=longest) or None

    def moment(self, pointer: str, value: datetime | None) -> None:
        """Refuses a moment without its offset, or that UTC's calendar does not reach."""
        if value is None:
            return
        if value.tzinfo is None:
            self.refuse(pointer, "no_time_zone", "must name its offset from UTC")
            return
        try:
            value.astimezone(UTC)
        except OverflowError:
            self.refuse(pointer, "out_of_range", "must be in the years 1 to 9999 in UTC")

    def fraction(self, pointer: str, value: float) -> float:
        """A number from 0 to 1."""
        if not 0 <= value <= 1:  # NaN fails every comparison
            self.refuse(pointer, "out_of_range", "must be a number from 0 to 1")
        return value

    def texts(self, pointer: str, values: Sequence[str], *, most: int, longest: int) -> tuple[str, ...]:
        """The distinct values in their first order, without empty ones."""
        kept = [self.text(f"{pointer}/{place}", value, longest=longest) for place, value in enumerate(values)]
        distinct = tuple(dict.fromkeys(value for value in kept if value))
        if len(distinct) > most:
            self.refuse(pointer, "too_many", f"must have at most {most} items")
        return distinct

    def metadata(self, pointer: str, value: JsonObject) -> JsonObject:
        """A JSON object of bounded size and depth that Postgres and every JSON reader can hold."""
        if not value:
            return value
        if objection := objection_to(value):
            code, detail = objection
            self.refuse(pointer, code, detail)
        elif len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > METADATA_BYTES:
            self.refuse(pointer, "too_large", f"must have at most {METADATA_BYTES} bytes as JSON")
        return value


def objection_to(root: JsonObject) -> tuple[str, str] | None:
    """Why a tree of JSON values cannot be kept. Walks without recursion: the depth is the caller's."""
    waiting: list[tuple[Json, int]] = [(root, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict | list | tuple) and depth > METADATA_DEPTH:
            return "too_deep", f"must not be nested deeper than {METADATA_DEPTH} levels"
        if isinstance(value, str):
            if _NOT_TEXT.search(value):
                return "not_text", "must not contain U+0000 or lone surrogates"
        elif isinstance(value, dict):
            if any(not isinstance(key, str) or _NOT_TEXT.search(key) for key in value):
                return "not_text", "keys must be text without U+0000 or lone surrogates"
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list | tuple):
            waiting += [(inner, depth + 1) for inner in value]
        elif isinstance(value, int | float) and not _holdable(value):
            return "out_of_range", "numbers must be finite and fit a double"
    return None


def _holdable(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond the largest double
        return False
