"""What a store of results about whole graphs promises, in memory and in Postgres."""

from dataclasses import replace
from datetime import timedelta

import pytest

from application.graph.analytics import GraphSnapshot, SnapshotLimits
from application.graph.queries import EntityFilter
from application.shared.messages import Rejected
from application.shared.pages import PageRequest
from domain.graph.analytics import AnalyticsKind, AnalyticsParameters
from domain.graph.errors import AnalyticsNotComputed
from domain.graph.job import GraphJobOutcome, GraphJobStatus
from domain.shared.errors import InvalidInput
from tests.contract.graph.analytics import Bench
from tests.contract.graph.stores import START
from tests.contract.systems import PostgresSystem

LATER = START + timedelta(days=1)
BEST = PageRequest(sort="score", descending=True, limit=2)
FIRST = PageRequest(sort="number", limit=2)
NEWEST = PageRequest(sort="created_at", descending=True)
LIMITS = SnapshotLimits()
ANY = AnalyticsParameters()


def edges_of(snapshot: GraphSnapshot) -> list[tuple[object, object, float]]:
    return sorted(
        (snapshot.entity_id(source), snapshot.entity_id(target), confidence)
        for source, target, confidence in zip(
            snapshot.sources, snapshot.targets, snapshot.confidences, strict=True
        )
    )


async def test_a_snapshot_has_what_is_active_and_asked_for(bench: Bench) -> None:
    user, stranger = await bench.system.new_user(), await bench.system.new_user()
    ada, bob, eve, gone = await bench.people(user, 4)
    await bench.people(stranger, 2)
    await bench.graph.edge(ada, bob, "knows", confidence=0.25)
    await bench.graph.edge(bob, ada, "likes", confidence=0.75)
    await bench.graph.edge(eve, eve, "knows", confidence=1.0)
    await bench.graph.edge(ada, gone, "knows")
    await bench.graph.remove(gone)
    snapshot = await bench.snapshots.take(user, ANY, LIMITS)
    assert [snapshot.entity_id(place) for place in range(snapshot.entities)] == sorted(
        [ada.id, bob.id, eve.id]
    )
    every = sorted([(ada.id, bob.id, 0.25), (bob.id, ada.id, 0.75), (eve.id, eve.id, 1.0)])
    assert edges_of(snapshot) == every
    assert snapshot.taken_at.utcoffset() == timedelta(0)
    certain = await bench.snapshots.take(user, AnalyticsParameters(min_confidence=0.75), LIMITS)
    assert edges_of(certain) == [each for each in every if each[2] >= 0.75]
    liking = await bench.snapshots.take(user, AnalyticsParameters(relationship_types=("likes",)), LIMITS)
    assert edges_of(liking) == [(bob.id, ada.id, 0.75)]
    assert liking.entities == 3


async def test_an_empty_graph_has_an_empty_snapshot(bench: Bench) -> None:
    snapshot = await bench.snapshots.take(await bench.system.new_user(), ANY, LIMITS)
    assert (snapshot.entities, snapshot.relationships, snapshot.entity_ids) == (0, 0, b"")


async def test_a_snapshot_of_many_rows_is_whole(bench: Bench) -> None:
    """More than arrive in one piece."""
    user = await bench.system.new_user()
    hub, *others = await bench.people(user, 3)
    if isinstance(bench.system, PostgresSystem):
        async with bench.system.database.connection() as connection, connection.transaction():
            await connection.execute("select backend_operations.act_as($1)", user)
            await connection.execute(
                "insert into backend_entities.entities (user_id, id, name, type, confidence, created_at, "
                "updated_at) select $1, gen_random_uuid(), 'x', 'thing', 1, now(), now() "
                "from generate_series(1, 20000)",
                user,
            )
            await connection.execute(
                "insert into backend_entities.relationships (user_id, id, source_entity_id, "
                "target_entity_id, type, confidence, created_at, updated_at) select $1, gen_random_uuid(), "
                "$2, id, 'has', 0.5, now(), now() from backend_entities.entities "
                "where user_id = $1 and type = 'thing'",
                user,
                hub.id,
            )
    else:
        others += [await bench.graph.entity(user, "x", type_="thing") for _ in range(200)]
        for other in others[2:]:
            await bench.graph.edge(hub, other, "has", confidence=0.5)
    snapshot = await bench.snapshots.take(user, ANY, LIMITS)
    assert snapshot.entities == snapshot.relationships + 3 >= 203
    ids = [snapshot.entity_id(place) for place in range(snapshot.entities)]
    assert ids == sorted(set(ids))
    assert {ids[source] for source in snapshot.sources} == {hub.id}
    assert len(set(snapshot.targets)) == snapshot.relationships
    assert set(snapshot.confidences) == {0.5}


async def test_a_graph_beyond_the_limits_is_rejected(bench: Bench) -> None:
    user = await bench.system.new_user()
    ada, bob = await bench.people(user, 2)
    await bench.graph.edge(ada, bob)
    for limits in (SnapshotLimits(entities=1), SnapshotLimits(relationships=0)):
        with pytest.raises(Rejected):
            await bench.snapshots.take(user, ANY, limits)


async def test_nobody_reads_a_run_that_is_not_complete(bench: Bench) -> None:
    user = await bench.system.new_user()
    [ada] = await bench.people(user, 1)
    run = await bench.begun(user, AnalyticsKind.PAGERANK, START)
    with pytest.raises(AnalyticsNotComputed):
        await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)
    assert await bench.queries.runs(user) == []
    assert await bench.complete(run, [(ada, 1.0)])
    view, page = await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)
    assert [(row.id, row.name, row.type, row.score) for row in page.rows] == [
        (ada.id, "Person 0", "person", 1.0)
    ]
    assert (view.id, view.kind, view.snapshot_at, view.computed_at) == (run.id, "pagerank", START, START)
    assert (view.parameters, view.facts) == ({"min_confidence": 0.5}, {"seconds": 0.25})
    assert (view.entities, view.relationships, view.groups) == (4, 3, None)
    assert await bench.queries.runs(user) == [view]


async def test_scores_are_paged_in_both_orders_without_gap_or_repetition(bench: Bench) -> None:
    user = await bench.system.new_user()
    made = await bench.ranked(user, [0.1, 0.3, 0.3, 0.2, 0.3])
    expected = sorted(zip([0.1, 0.3, 0.3, 0.2, 0.3], [each.id for each in made], strict=True))
    for descending in (True, False):
        request, walked = replace(BEST, descending=descending), []
        while True:
            _, page = await bench.queries.scores(user, AnalyticsKind.PAGERANK, request)
            walked += [(row.score, row.id) for row in page.rows]
            if page.next is None:
                break
            request = replace(request, after=page.next)
        assert walked == (expected[::-1] if descending else expected)


async def test_deleted_entities_are_left_out_of_scores(bench: Bench) -> None:
    user = await bench.system.new_user()
    made = await bench.ranked(user, [0.1, 0.3, 0.2])
    await bench.graph.remove(made[1])
    _, page = await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)
    assert [row.id for row in page.rows] == [made[2].id, made[0].id]


async def test_groups_are_paged_by_number(bench: Bench) -> None:
    user = await bench.system.new_user()
    run = await bench.begun(user, AnalyticsKind.COMMUNITIES, START)
    assert await bench.complete(run, groups={1: 9, 2: 5, 3: 5})
    view, page = await bench.queries.groups(user, AnalyticsKind.COMMUNITIES, FIRST)
    assert [(row.number, row.size) for row in page.rows] == [(1, 9), (2, 5)]
    assert view.groups == 2
    _, rest = await bench.queries.groups(user, AnalyticsKind.COMMUNITIES, replace(FIRST, after=page.next))
    assert [(row.number, row.size) for row in rest.rows] == [(3, 5)]
    assert rest.next is None
    last = replace(FIRST, descending=True, limit=1)
    _, page = await bench.queries.groups(user, AnalyticsKind.COMMUNITIES, last)
    _, page = await bench.queries.groups(user, AnalyticsKind.COMMUNITIES, replace(last, after=page.next))
    assert [row.number for row in page.rows] == [2]


async def test_a_new_run_takes_the_place_of_the_one_before(bench: Bench) -> None:
    user = await bench.system.new_user()
    made = await bench.ranked(user, [0.1, 0.3, 0.2])
    degrees = await bench.begun(user, AnalyticsKind.DEGREE, START)
    assert await bench.complete(degrees, [(made[0], 7.0)])
    new = await bench.begun(user, AnalyticsKind.PAGERANK, LATER)
    old, first = await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)
    assert old.snapshot_at == START, "until the new one is complete"
    assert await bench.complete(new, [(made[2], 0.9)])
    view, page = await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)
    assert view.id == new.id
    assert [(row.id, row.score) for row in page.rows] == [(made[2].id, 0.9)]
    assert [run.id for run in await bench.queries.runs(user)] == [new.id, degrees.id]
    with pytest.raises(InvalidInput) as refused:
        await bench.queries.scores(user, AnalyticsKind.PAGERANK, replace(BEST, after=first.next))
    assert [(each.pointer, each.code) for each in refused.value.violations] == [("/cursor", "outdated")]


async def test_a_run_of_an_older_snapshot_does_not_replace_a_newer_one(bench: Bench) -> None:
    user = await bench.system.new_user()
    jobs = [await bench.queued(user, AnalyticsKind.PAGERANK) for _ in range(2)]
    new = await bench.begun(user, AnalyticsKind.PAGERANK, LATER, jobs[0])
    old = await bench.begun(user, AnalyticsKind.PAGERANK, START, jobs[1])
    assert await bench.complete(new)
    assert await bench.complete(old)
    view, _ = await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)
    assert view.id == new.id


async def test_what_ended_jobs_left_behind_goes_and_what_others_write_stays(bench: Bench) -> None:
    user = await bench.system.new_user()
    ended, running = [await bench.queued(user, AnalyticsKind.PAGERANK) for _ in range(2)]
    left = await bench.begun(user, AnalyticsKind.PAGERANK, START, ended)
    written = await bench.begun(user, AnalyticsKind.PAGERANK, START, running)
    async with bench.work(user) as work:
        outcome = GraphJobOutcome(status=GraphJobStatus.CANCELLED)
        await work.graph_jobs.finish(user, ended.id, outcome, START)
        await work.commit()
    assert await bench.complete(await bench.begun(user, AnalyticsKind.PAGERANK, LATER))
    async with bench.work(user) as work:
        assert await work.analytics.find(user, left.id) is None
        assert await work.analytics.find(user, written.id) == written


async def test_an_attempt_that_was_overtaken_changes_nothing(bench: Bench) -> None:
    user = await bench.system.new_user()
    [ada] = await bench.people(user, 1)
    first = await bench.begun(user, AnalyticsKind.PAGERANK, START)
    second = replace(first, attempt=2, snapshot_at=LATER)
    async with bench.work(user) as work:
        await work.analytics.add_scores(first, [ada.id], [0.1])
        await work.analytics.begin(second)
        await work.analytics.add_scores(first, [ada.id], [0.2])
        await work.analytics.drop(first)
        assert not await work.analytics.complete(first, START)
        await work.commit()
    assert await bench.complete(second, [(ada, 0.3)])
    async with bench.work(user) as work:
        await work.analytics.drop(second)
        assert not await work.analytics.complete(second, LATER), "it is complete already"
        await work.commit()
    view, page = await bench.queries.scores(user, AnalyticsKind.PAGERANK, BEST)
    assert view.snapshot_at == LATER
    assert [row.score for row in page.rows] == [0.3]


async def test_a_dropped_run_is_gone_with_its_scores(bench: Bench) -> None:
    user = await bench.system.new_user()
    [ada] = await bench.people(user, 1)
    run = await bench.begun(user, AnalyticsKind.DEGREE, START)
    async with bench.work(user) as work:
        await work.analytics.add_scores(run, [ada.id], [1.0])
        await work.analytics.drop(run)
        assert await work.analytics.find(user, run.id) is None
        await work.analytics.begin(run)
        await work.commit()
    assert await bench.complete(run)
    _, page = await bench.queries.scores(user, AnalyticsKind.DEGREE, BEST)
    assert page.rows == []


async def test_somebody_elses_results_are_not_there(bench: Bench) -> None:
    user, stranger = await bench.system.new_user(), await bench.system.new_user()
    await bench.ranked(user, [0.1, 0.2])
    [run] = await bench.queries.runs(user)
    with pytest.raises(AnalyticsNotComputed):
        await bench.queries.scores(stranger, AnalyticsKind.PAGERANK, BEST)
    assert await bench.queries.runs(stranger) == []
    with pytest.raises(InvalidInput):
        await bench.graph.entities.entities(stranger, EntityFilter(min_pagerank=0), NEWEST)
    async with bench.work(stranger) as work:
        assert await work.analytics.find(stranger, run.id) is None  # type: ignore[arg-type]  # a view's id is a UUID
