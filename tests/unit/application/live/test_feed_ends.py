"""What ended while somebody was being authenticated, when no reader was there yet to be ended."""

from dataclasses import replace

import pytest

from application.live import feed as feeds
from application.shared.principal import Principal
from domain.shared.ids import ApiKeyId, SessionId, UserId
from tests.contract.systems import IDS, principal
from tests.unit.application.live.live_system import event, running

ADA = UserId(IDS.new())
PERSON = replace(principal(ADA), session_id=SessionId(IDS.new()))
PROGRAM = replace(principal(ADA), api_key_id=ApiKeyId(IDS.new()))


@pytest.mark.parametrize(
    ("type_", "subject", "ended"),
    [
        ("session.ended", PERSON.session_id, [PERSON]),
        ("api_key.revoked", PROGRAM.api_key_id, [PROGRAM]),
        ("user.deactivated", ADA, [PERSON, PROGRAM]),
        ("user.deleted", ADA, [PERSON, PROGRAM]),
        ("entity.deleted", ADA, []),
        ("session.ended", IDS.new(), []),
    ],
)
async def test_knows_who_has_ended_since(type_: str, subject: object, ended: list[Principal]) -> None:
    async with running() as live:
        await live.happen(event(ADA, "entity.created"))
        before = live.feed.position
        await live.happen(event(ADA, type_, subject=subject))
        assert [each for each in (PERSON, PROGRAM) if live.feed.has_ended(each, before)] == ended
        assert not any(live.feed.has_ended(each, live.feed.position) for each in (PERSON, PROGRAM))


async def test_whoever_asks_about_more_than_is_remembered_has_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeds, "REMEMBERED", 3)
    async with running() as live:
        for _ in range(3):
            await live.happen(event(ADA, "session.ended", subject=IDS.new()))
        assert not live.feed.has_ended(PERSON, 1)
        await live.happen(event(ADA, "session.ended", subject=IDS.new()))
        assert live.feed.has_ended(PERSON, 0), "nobody knows any more"
        assert not live.feed.has_ended(PERSON, 2)


@pytest.mark.parametrize("who", [PERSON, PROGRAM])
async def test_a_reader_ends_with_what_opened_it(who: Principal) -> None:
    async with running() as live:
        reader = live.feed.join(who, lambda: None)
        other = live.feed.join(PROGRAM if who is PERSON else PERSON, lambda: None)
        kind, subject = ("session.ended", PERSON.session_id)
        if who is PROGRAM:
            kind, subject = "api_key.revoked", PROGRAM.api_key_id  # type: ignore[assignment]  # an id, too
        await live.happen(event(ADA, kind, subject=subject))
        assert reader.ending is not None
        assert other.ending is None
