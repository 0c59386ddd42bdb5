"""Logging in, staying logged in, logging out."""

import asyncio

import pytest

from application.identity.log_in import REFUSAL_GRID
from application.identity.log_out import LogOutCommand
from application.identity.token_pairs import TokenPair
from application.identity.when_session_ended_revoke import CatchUpOnEndedSessions, WhenSessionEndedRevoke
from application.shared.messages import Message
from domain.identity.errors import InvalidCredentials, InvalidRefreshToken, InvalidToken
from domain.shared.ids import EventId
from tests.unit.application.identity.rig import OVERLAP, TRACE, Rig


@pytest.fixture
async def pair(rig: Rig) -> TokenPair:
    await rig.registered()
    return await rig.logged_in()


async def test_logs_in_whoever_knows_the_password(rig: Rig, pair: TokenPair) -> None:
    view = await rig.accounts.account(rig.principal(pair).user_id)
    assert view.email == "ada@example.org"
    assert (pair.token_type, pair.expires_in) == ("bearer", 900)
    assert rig.events() == ["user.registered", "session.started"]
    assert await rig.logged_in(" ADA@example.org") != pair


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "wrong horse battery"),
        ("nobody@example.org", "correct horse battery"),
        ("not an address", "correct horse battery"),
        ("ada@example.org", ""),
        ("ada@example.org", "x" * 10_000),
    ],
)
async def test_refuses_everybody_else_alike(rig: Rig, pair: TokenPair, email: str, password: str) -> None:
    with pytest.raises(InvalidCredentials) as refused:
        await rig.logged_in(email, password)
    assert refused.value.detail == InvalidCredentials().detail
    assert rig.clock.pauses == [REFUSAL_GRID]


async def test_writes_down_a_refused_login_of_a_known_account(rig: Rig, pair: TokenPair) -> None:
    with pytest.raises(InvalidCredentials):
        await rig.logged_in(password="wrong horse battery")
    recorded = rig.system.store.events[-1].event
    assert (recorded.type, recorded.data) == ("session.refused", {"reason": "wrong_password"})
    assert recorded.subject == rig.principal(pair).user_id
    assert rig.system.store.audit[-1].action == "session.refused"


async def test_a_refresh_gives_a_new_pair_of_the_same_session(rig: Rig, pair: TokenPair) -> None:
    rig.clock.pass_by(minutes=20)
    with pytest.raises(InvalidToken):
        rig.principal(pair)
    renewed = await rig.refreshed(pair)
    assert rig.principal(renewed).session_id is not None
    assert renewed.refresh_token != pair.refresh_token
    assert rig.events()[-1] == "session.refreshed"
    assert rig.clock.pauses == [OVERLAP.total_seconds()]


async def test_a_session_lives_on_through_a_chain_of_refreshes(rig: Rig, pair: TokenPair) -> None:
    for _ in range(3):
        rig.clock.pass_by(days=29)
        pair = await rig.refreshed(pair)
        rig.principal(pair)


async def test_a_session_ends_when_it_is_not_used(rig: Rig, pair: TokenPair) -> None:
    rig.clock.pass_by(days=30)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(pair)


async def test_a_session_ends_however_much_it_is_used(rig: Rig, pair: TokenPair) -> None:
    for _ in range(4):
        rig.clock.pass_by(days=22)
        pair = await rig.refreshed(pair)
    rig.clock.pass_by(days=2)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(pair)


async def test_a_replayed_token_ends_the_whole_session(rig: Rig, pair: TokenPair) -> None:
    renewed = await rig.refreshed(pair)
    rig.clock.pass_by(microseconds=1)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(pair)
    ended = rig.system.store.events[-1].event
    assert (ended.type, ended.data["reason"]) == ("session.ended", "refresh_token_replayed")
    row = rig.system.store.audit[-1]
    assert (row.action, row.reason) == ("session.ended", "refresh_token_replayed")
    assert (row.user_id, row.address, row.resource_id) == (ended.user_id, TRACE.address, ended.subject)
    with pytest.raises(InvalidToken):
        rig.principal(renewed)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(renewed)


async def test_a_replay_leaves_other_sessions_alone(rig: Rig, pair: TokenPair) -> None:
    other = await rig.logged_in()
    await rig.refreshed(pair)
    rig.clock.pass_by(seconds=1)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(pair)
    rig.principal(await rig.refreshed(other))


async def test_callers_that_refresh_at_once_leave_one_live_chain(rig: Rig, pair: TokenPair) -> None:
    held = asyncio.Event()

    async def hold(seconds: float) -> None:
        await held.wait()

    processes = [rig.process(hold), rig.process(hold)]
    attempts = [asyncio.create_task(processes[n % 2].refreshed(pair)) for n in range(20)]
    done, _ = await asyncio.wait(attempts, timeout=10, return_when=asyncio.FIRST_EXCEPTION)
    assert done
    held.set()
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    pairs = [outcome for outcome in outcomes if isinstance(outcome, TokenPair)]
    assert len(pairs) == 1
    assert sum(isinstance(outcome, InvalidRefreshToken) for outcome in outcomes) == 19
    rig.clock.pass_by(seconds=1)
    rig.principal(await rig.refreshed(pairs[0]))
    for process in processes:
        process.hasher.close()


async def test_takes_no_access_token_and_no_nonsense_for_a_refresh(rig: Rig, pair: TokenPair) -> None:
    swapped = TokenPair(access_token="", refresh_token=pair.access_token, expires_in=0)
    for token in (swapped, TokenPair(access_token="", refresh_token="nonsense", expires_in=0)):
        with pytest.raises(InvalidRefreshToken):
            await rig.refreshed(token)
    with pytest.raises(InvalidToken):
        rig.authenticate(pair.refresh_token, TRACE)


async def test_logs_out_of_this_session_only(rig: Rig, pair: TokenPair) -> None:
    other = await rig.logged_in()
    principal = rig.principal(pair)
    assert await rig.log_out(LogOutCommand(principal=principal)) == 1
    assert rig.events()[-1] == "session.ended"
    with pytest.raises(InvalidToken):
        rig.principal(pair)
    with pytest.raises(InvalidRefreshToken):
        await rig.refreshed(pair)
    rig.principal(other)
    assert await rig.log_out(LogOutCommand(principal=principal)) == 0


async def test_logs_out_everywhere(rig: Rig, pair: TokenPair) -> None:
    other = await rig.logged_in()
    assert await rig.log_out(LogOutCommand(principal=rig.principal(pair), everywhere=True)) == 2
    for token in (pair, other):
        with pytest.raises(InvalidToken):
            rig.principal(token)


async def test_another_process_hears_that_a_session_ended(rig: Rig, pair: TokenPair) -> None:
    other = rig.process()
    other.principal(pair)
    await rig.log_out(LogOutCommand(principal=rig.principal(pair)))
    recorded = rig.system.store.events[-1]
    WhenSessionEndedRevoke(other.verifier)(
        Message(
            id=EventId(recorded.id),
            type=recorded.event.type,
            source="test",
            subject=recorded.event.subject,
            time=recorded.event.occurred_at,
            user_id=recorded.event.user_id,
            position=1,
            data=recorded.event.data,
            request_id="request-1",
        )
    )
    with pytest.raises(InvalidToken):
        other.principal(pair)
    other.hasher.close()


async def test_a_process_that_starts_learns_which_sessions_ended(rig: Rig, pair: TokenPair) -> None:
    await rig.log_out(LogOutCommand(principal=rig.principal(pair)))
    rig.clock.pass_by(minutes=14)
    started = rig.process()
    started.principal(pair)
    await CatchUpOnEndedSessions(started.accounts, started.verifier, started.lifetimes, started.clock)()
    with pytest.raises(InvalidToken):
        started.principal(pair)
    started.hasher.close()
