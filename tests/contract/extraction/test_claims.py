"""What happens when somebody else was quicker with a name, in memory and in Postgres."""

from datetime import UTC, datetime

from application.extraction.work import EntityKey, Proposal
from domain.graph.entity import Entity, EntityContent, new_entity
from domain.shared.ids import EntityId
from tests.contract.extraction.library import IDS, Library


def proposed(library: Library, name: str) -> Entity:
    content = EntityContent(name=name, type="person", source_type="extraction")
    return new_entity(library.user, EntityId(IDS.new()), content, datetime.now(UTC))


def person(key: str) -> EntityKey:
    return EntityKey("person", key)


async def test_a_proposal_gives_way_to_the_one_that_was_quicker(library: Library) -> None:
    ada, bob = proposed(library, "Ada"), proposed(library, "Bob")
    async with library.start_work(library.who) as work:
        keys = [person("ada"), person("countess"), person("bob")]
        assert await work.extraction.owners(library.user, keys) == {}
        await library.read("Ada writes.")
        stood_in = await work.extraction.claim(
            library.user,
            [
                Proposal(entity=ada, keys=[person("ada"), person("countess")]),
                Proposal(entity=bob, keys=[person("bob")]),
            ],
            {},
        )
        owners = await work.extraction.owners(library.user, keys)
        await work.commit()
    entities = await library.entities()
    assert sorted(entities) == ["Ada", "Bob"]
    assert {key: entity.id for key, entity in stood_in.items()} == {ada.id: entities["Ada"].id}
    assert {key.key: entity.id for key, entity in owners.items()} == {
        "ada": entities["Ada"].id,
        "countess": entities["Ada"].id,
        "bob": bob.id,
    }


async def test_an_alias_that_was_taken_stays_where_it_is(library: Library) -> None:
    countess = proposed(library, "Countess")
    async with library.start_work(library.who) as work:
        await library.read("Ada writes.")
        stood_in = await work.extraction.claim(
            library.user, [Proposal(entity=countess, keys=[person("countess"), person("ada")])], {}
        )
        assert stood_in == {}
        owners = await work.extraction.owners(library.user, [person("ada"), person("countess")])
        await work.commit()
    entities = await library.entities()
    assert {key.key: entity.id for key, entity in owners.items()} == {
        "ada": entities["Ada"].id,
        "countess": countess.id,
    }


async def test_what_a_unit_of_work_does_not_commit_claims_nothing(library: Library) -> None:
    async with library.start_work(library.who) as work:
        await work.extraction.claim(
            library.user, [Proposal(entity=proposed(library, "Ada"), keys=[person("ada")])], {}
        )
    await library.read("Ada writes.")
    assert sorted(await library.entities()) == ["Ada"]
    assert (await library.entities())["Ada"].source_type == "extraction"


async def test_what_the_user_deleted_comes_back_as_a_new_entity_when_it_is_read_again(
    library: Library,
) -> None:
    first = await library.read("Ada knows Bob.")
    old = (await library.entities())["Ada"]
    await library.delete_entity(EntityId(old.id))
    assert sorted(await library.entities()) == ["Bob"]
    await library.read("Ada knows Bob well.")
    entities = await library.entities()
    assert sorted(entities) == ["Ada", "Bob"]
    assert entities["Ada"].id != old.id
    assert len(await library.relationships()) == 1
    await library.delete(first)
    assert sorted(await library.entities()) == ["Ada", "Bob"]
