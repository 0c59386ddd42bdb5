"""What can be computed about a whole graph, and with which parameters."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from domain.shared.checks import Checks
from domain.shared.json import JsonObject

MOST_TYPES: Final = 100
TYPE_LENGTH: Final = 64
MOST_ITERATIONS: Final = 10_000
MOST_SAMPLES: Final = 10_000
MOST_RESOLUTION: Final = 100.0
LARGEST_SEED: Final = 2**32 - 1


class AnalyticsKind(StrEnum):
    """What is computed. `pagerank`, `degree` and `betweenness` give every entity a score; `communities` and
    `components` put every entity into one numbered group, the largest being number 1."""

    PAGERANK = "pagerank"
    COMMUNITIES = "communities"
    COMPONENTS = "components"
    DEGREE = "degree"
    BETWEENNESS = "betweenness"

    @property
    def makes_groups(self) -> bool:
        """Whether the result is groups, not scores."""
        return self in (AnalyticsKind.COMMUNITIES, AnalyticsKind.COMPONENTS)


class Connection(StrEnum):
    """`weak`: joined by relationships whatever their direction. `strong`: reachable from each other along
    them."""

    WEAK = "weak"
    STRONG = "strong"


class Direction(StrEnum):
    """Which relationships of an entity count for its degree."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsParameters:
    """Which relationships count, and what the kind takes; the rest is of no effect.

    `relationship_types` None: all. `weighted`: a relationship counts as much as its confidence, otherwise as
    one. `tolerance` is the mean change of a score at which PageRank has settled. `samples` None: exact as far
    as that is affordable, otherwise some hundreds.
    """

    relationship_types: tuple[str, ...] | None = None
    min_confidence: float = 0.0
    weighted: bool = False
    damping: float = 0.85
    max_iterations: int = 200
    tolerance: float = 1e-10
    resolution: float = 1.0
    seed: int = 0
    connection: Connection = Connection.WEAK
    direction: Direction = Direction.BOTH
    directed: bool = False
    samples: int | None = None


COMMON: Final = ("relationship_types", "min_confidence")
TAKEN: Final = {
    AnalyticsKind.PAGERANK: (*COMMON, "weighted", "damping", "max_iterations", "tolerance"),
    AnalyticsKind.COMMUNITIES: (*COMMON, "weighted", "resolution", "seed"),
    AnalyticsKind.COMPONENTS: (*COMMON, "connection"),
    AnalyticsKind.DEGREE: (*COMMON, "weighted", "direction"),
    AnalyticsKind.BETWEENNESS: (*COMMON, "directed", "samples", "seed"),
}


def checked_parameters(parameters: AnalyticsParameters) -> AnalyticsParameters:
    """The same, tidied. Raises `InvalidInput`."""
    checks = Checks()
    types = parameters.relationship_types
    if types is not None:
        types = checks.texts("/relationship_types", types, most=MOST_TYPES, longest=TYPE_LENGTH)
        if not types:
            checks.refuse("/relationship_types", "too_few", "must name at least one type, or be left out")
    checks.fraction("/min_confidence", parameters.min_confidence)
    if not 0 < parameters.damping < 1:
        checks.refuse("/damping", "out_of_range", "must be a number between 0 and 1")
    if not 1e-15 <= parameters.tolerance <= 1:
        checks.refuse("/tolerance", "out_of_range", "must be a number from 1e-15 to 1")
    if not 0 < parameters.resolution <= MOST_RESOLUTION:
        checks.refuse("/resolution", "out_of_range", f"must be above 0 and at most {MOST_RESOLUTION:g}")
    for pointer, number, least, most in (
        ("/max_iterations", parameters.max_iterations, 1, MOST_ITERATIONS),
        ("/seed", parameters.seed, 0, LARGEST_SEED),
        ("/samples", 1 if parameters.samples is None else parameters.samples, 1, MOST_SAMPLES),
    ):
        if not least <= number <= most:
            checks.refuse(pointer, "out_of_range", f"must be {least} to {most}")
    checks.finish()
    return replace(parameters, relationship_types=types)


def parameters_data(kind: AnalyticsKind, parameters: AnalyticsParameters) -> JsonObject:
    """What the kind takes, in JSON values."""
    given = {name: getattr(parameters, name) for name in TAKEN[kind]}
    types = given["relationship_types"]
    return given | {"relationship_types": None if types is None else list(types)}


def parameters_of(data: JsonObject) -> AnalyticsParameters:
    """The parameters that `parameters_data` wrote."""
    known = {name: data[name] for name in AnalyticsParameters.__slots__ if name in data}
    types = known.get("relationship_types")
    if isinstance(types, list | tuple):
        known["relationship_types"] = tuple(types)
    for name, enumeration in (("connection", Connection), ("direction", Direction)):
        if name in known:
            known[name] = enumeration(str(known[name]))
    return AnalyticsParameters(**known)  # type: ignore[arg-type]  # JSON values that were checked as they came in
