"""What was computed about whole graphs as conditions and as a sort key of lists of entities."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, bindparam, exists, select
from sqlalchemy.sql.selectable import ScalarSelect

from adapters.postgres.tables import entities
from adapters.postgres.tables_analytics import analytics_runs, analytics_scores
from domain.graph.analytics import AnalyticsKind

# By the parameter: the kind, and whether a score must be equal (the number of a group) or at least that.
FILTERS: Mapping[str, tuple[AnalyticsKind, bool]] = {
    "min_pagerank": (AnalyticsKind.PAGERANK, False),
    "min_degree": (AnalyticsKind.DEGREE, False),
    "min_betweenness": (AnalyticsKind.BETWEENNESS, False),
    "community": (AnalyticsKind.COMMUNITIES, True),
    "component": (AnalyticsKind.COMPONENTS, True),
}


def last_run(user_id: ColumnElement[Any], kind: AnalyticsKind) -> ScalarSelect[Any]:
    """The id of the last complete run: found once a statement, not once a row."""
    c = analytics_runs.c
    return (
        select(c.id)
        .where(c.user_id == user_id, c.kind == str(kind), c.computed_at.is_not(None))
        .order_by(c.snapshot_at.desc(), c.id.desc())
        .limit(1)
        .correlate_except(analytics_runs)
        .scalar_subquery()
    )


def condition(user_id: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
    """That an entity has such a score."""
    kind, is_equal = FILTERS[parameter]
    scored = analytics_scores.alias(f"by_{parameter}")
    value = bindparam(parameter, type_=Double)
    return exists(
        select(1)
        .select_from(scored)
        .where(
            scored.c.user_id == user_id,
            scored.c.run_id == last_run(user_id, kind),
            scored.c.entity_id == entities.c.id,
            scored.c.score == value if is_equal else scored.c.score >= value,
        )
        .correlate_except(scored)
    )


def ranked(
    query: Select[Any], user_id: ColumnElement[Any], sort: str
) -> tuple[Select[Any], ColumnElement[Any], ColumnElement[Any]]:
    """The query over the entities that the last run scored, with the score under the sort's name; then the
    columns to sort by: both are of the index of scores."""
    ranks = analytics_scores.alias("ranks")
    joined = query.add_columns(ranks.c.score.label(sort)).where(
        ranks.c.user_id == user_id,
        ranks.c.run_id == last_run(user_id, AnalyticsKind(sort)),
        ranks.c.entity_id == entities.c.id,
    )
    return joined, ranks.c.score, ranks.c.entity_id
