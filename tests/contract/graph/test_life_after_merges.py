"""What becomes of merged entities when their records come again and their documents go."""

import pytest

from domain.graph.entity import Entity
from domain.graph.errors import EntityNotFound, ExternalIdTaken, MergeLost
from domain.shared.ids import DocumentId, UserId
from tests.contract.graph.merging import Merging


async def test_what_is_said_of_a_merged_one_by_its_external_id_reaches_the_target(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    first, second, third = [
        await store.entity(user, name, source="crm", external_id=name[:3], metadata={"of": name})
        for name in ("Ada Lovelace", "Countess", "Enchantress")
    ]
    merges = [await merging.merge(second, first), await merging.merge(third, second)]
    row = {
        "name": "Ada King",
        "type": "person",
        "source": "crm",
        "external_id": "Ada",
        "metadata": {"new": 1},
    }
    assert await merging.upsert(user, **row) == ("updated", third.id)
    assert await merging.upsert(user, **row) == ("unchanged", third.id)
    view = await store.entities.entity(user, third.id)
    assert (view.name, view.external_id) == ("Enchantress", "Enc")
    assert view.metadata == {"of": "Enchantress", "new": 1}
    assert list(view.aliases) == ["Countess", "Ada Lovelace", "Ada King"]
    assert (await merging.upsert(user, **{**row, "source": "erp"}))[0] == "created"
    for merge in reversed(merges):
        await merging.undo(user, merge)
    assert await merging.upsert(user, **row) == ("updated", first.id)
    assert (await store.entities.entity(user, first.id)).external_id == "Ada"


async def test_a_second_one_with_the_external_id_of_a_merged_one_is_refused(merging: Merging) -> None:
    store, user = merging.store, await merging.store.system.new_user()
    ada, lovelace = [
        await store.entity(user, name, source="crm", external_id=name) for name in ("Ada", "Lovelace")
    ]
    merge = await merging.merge(lovelace, ada)
    with pytest.raises(ExternalIdTaken, match=str(lovelace.id)):
        await store.entity(user, "Ada King", source="crm", external_id="Ada")
    await store.entity(user, "Ada King", source="erp", external_id="Ada")
    await merging.undo(user, merge)
    assert (await store.entities.entity(user, ada.id)).external_id == "Ada"


async def found_in_documents(merging: Merging) -> tuple[UserId, list[Entity], list[DocumentId]]:
    """Two extracted names of one thing, each found in a document of its own."""
    user = await merging.store.system.new_user()
    entities = [
        await merging.store.entity(user, name, source_type="extraction")
        for name in ("Ada Lovelace", "Ada King")
    ]
    documents = [await merging.document(user) for _ in entities]
    for entity, document in zip(entities, documents, strict=True):
        await merging.find(entity, document)
    return user, entities, documents


async def test_what_only_a_deleted_document_knew_is_gone_after_the_undoing(merging: Merging) -> None:
    for lost in (0, 1):
        user, entities, documents = await found_in_documents(merging)
        before = await merging.rows(user)
        merge = await merging.merge(*entities)
        await merging.forget(documents[lost], entities[0])
        assert (await merging.store.entities.entity(user, entities[0].id)).is_active
        await merging.undo(user, merge)
        kept, gone = entities[1 - lost], entities[lost]
        assert (await merging.store.entities.entity(user, kept.id)).name == kept.content.name
        with pytest.raises(EntityNotFound):
            await merging.store.entities.entity(user, gone.id)
        after = await merging.rows(user)
        assert after["entities"].keys() == before["entities"].keys() - {
            key for key in before["entities"] if str(gone.id) in key
        }
        assert ("entity.deleted", gone.id) in await merging.told(user)
        assert await merging.places("mentions", kept, documents[1 - lost]) == [0]


async def test_what_no_document_knows_any_more_leaves_nothing_to_undo(merging: Merging) -> None:
    user, entities, documents = await found_in_documents(merging)
    merge = await merging.merge(*entities)
    for document in documents:
        await merging.forget(document, entities[0])
    assert {name: rows for name, rows in (await merging.rows(user)).items() if rows} == {}
    with pytest.raises(MergeLost):
        await merging.undo(user, merge)


async def test_what_somebody_wrote_lives_on_in_what_was_extracted(merging: Merging) -> None:
    user, entities, documents = await found_in_documents(merging)
    written = await merging.store.entity(user, "Augusta Ada")
    merges = [await merging.merge(entities[1], written), await merging.merge(*entities)]
    for document in documents:
        await merging.forget(document, entities[0])
    assert "Augusta Ada" in (await merging.store.entities.entity(user, entities[0].id)).aliases
    for merge in reversed(merges):
        await merging.undo(user, merge)
    assert (await merging.store.entities.entity(user, written.id)).name == "Augusta Ada"
