"""Lists of entities by what was computed about their graph, in memory and in Postgres."""

from dataclasses import replace

import pytest

from application.graph.queries import EntityFilter
from application.shared.pages import PageRequest
from domain.graph.analytics import AnalyticsKind
from domain.shared.errors import InvalidInput
from tests.contract.graph.analytics import Bench
from tests.contract.graph.stores import START

NEWEST = PageRequest(sort="created_at", descending=True)


async def test_entities_are_sorted_by_a_score_page_by_page(bench: Bench) -> None:
    user = await bench.system.new_user()
    made = await bench.ranked(user, [0.1, 0.3, 0.3, 0.2, 0.3])
    unscored = await bench.graph.entity(user, "Newcomer")
    await bench.graph.remove(made[3])
    kept = [(s, e.id) for s, e in zip([0.1, 0.3, 0.3, 0.2, 0.3], made, strict=True) if e is not made[3]]
    for descending in (True, False):
        request, walked = PageRequest(sort="pagerank", descending=descending, limit=1), []
        while True:
            page = await bench.graph.entities.entities(user, EntityFilter(), request)
            walked += [row.id for row in page.rows]
            if page.next is None:
                break
            request = replace(request, after=page.next)
        assert walked == [entity_id for _, entity_id in sorted(kept, reverse=descending)]
        assert unscored.id not in walked
    every = replace(request, limit=200, after=None)
    found = await bench.graph.entities.entities(user, EntityFilter(include_inactive=True), every)
    assert made[3].id in [row.id for row in found.rows]


async def test_entities_are_filtered_by_scores_and_groups(bench: Bench) -> None:
    user = await bench.system.new_user()
    made = await bench.ranked(user, [0.1, 0.3, 0.2, 0.4])
    for kind in (AnalyticsKind.COMMUNITIES, AnalyticsKind.COMPONENTS, AnalyticsKind.DEGREE):
        run = await bench.begun(user, kind, START)
        assert await bench.complete(run, [(made[0], 2.0), (made[1], 1.0), (made[3], 1.0)], {1: 2, 2: 1})

    async def passing(wanted: EntityFilter, page: PageRequest = NEWEST) -> list[int]:
        rows = (await bench.graph.entities.entities(user, wanted, page)).rows
        ids = [each.id for each in made]
        return [ids.index(row.id) for row in rows]  # type: ignore[arg-type]  # a view's id is a UUID

    assert await passing(EntityFilter(min_pagerank=0.2)) == [3, 2, 1]
    assert await passing(EntityFilter(community=1)) == [3, 1]
    assert await passing(EntityFilter(component=2)) == [0]
    assert await passing(EntityFilter(component=3)) == []
    assert await passing(EntityFilter(min_degree=1.5, min_pagerank=0.1)) == [0]
    by_rank = PageRequest(sort="pagerank", descending=True)
    assert await passing(EntityFilter(community=1), by_rank) == [3, 1]
    assert await passing(EntityFilter(community=1, type="place"), by_rank) == []


async def test_a_list_by_what_was_never_computed_is_refused_with_advice(bench: Bench) -> None:
    user = await bench.system.new_user()
    await bench.people(user, 1)
    run = await bench.begun(user, AnalyticsKind.DEGREE, START)
    assert await bench.complete(run)
    wanted = EntityFilter(community=1, min_degree=1)
    with pytest.raises(InvalidInput) as refused:
        await bench.graph.entities.entities(user, wanted, PageRequest(sort="betweenness"))
    assert sorted((each.pointer, each.code) for each in refused.value.violations) == [
        ("/community", "not_computed"),
        ("/sort", "not_computed"),
    ]
    assert "POST /api/v1/graph/analytics/communities" in str(refused.value)
    page = await bench.graph.entities.entities(user, EntityFilter(min_degree=1), NEWEST)
    assert page.rows == []


@pytest.mark.parametrize("number", [0, -1, 2**31 + 1, 10**40])
def test_a_number_no_group_has_is_refused(number: int) -> None:
    with pytest.raises(InvalidInput, match="community"):
        EntityFilter(community=number)
