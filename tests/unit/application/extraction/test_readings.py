"""Which candidates are one thing, where things stand, and who they are: decisions over data."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from application.extraction.placement import Passages, distinct, edges_of
from application.extraction.ports import Chunk
from application.extraction.readings import readings, statements
from application.extraction.resolution import growth, resolve
from application.extraction.work import EntityKey, Place
from domain.extraction.candidates import CandidateEntity, CandidateRelationship, Extraction, Mention
from domain.extraction.job import ExtractionOptions
from domain.graph.entity import Entity, EntityContent, new_entity
from domain.shared.ids import ChunkId, EntityId, UserId

USER = UserId(UUID(int=1))
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ANY = ExtractionOptions()


def candidate(
    name: str, *, confidence: float = 0.9, at: int = 0, aliases: tuple[str, ...] = (), kind: str = "person"
) -> CandidateEntity:
    mention = Mention(start=at, end=at + len(name), text=name)
    return CandidateEntity(
        key=f"{name}@{at}", name=name, type=kind, confidence=confidence, mentions=(mention,), aliases=aliases
    )


def known(name: str, **more: object) -> Entity:
    content = EntityContent(name=name, type="person", confidence=0.5, source_type="extraction", **more)  # type: ignore[arg-type]  # named by each test
    return new_entity(USER, EntityId(uuid4()), content, NOW)


def test_candidates_that_share_a_key_are_one_thing() -> None:
    [one, other] = readings(
        Extraction(
            entities=(
                candidate("Bob", confidence=0.6),
                candidate("Robert", at=10, aliases=("Bob",)),
                candidate("Bob", at=20, kind="place"),
            )
        ),
        ANY,
    )
    assert (one.name, one.confidence, one.keys[0]) == ("Robert", 0.9, EntityKey("person", "robert"))
    assert [mention.start for mention, _ in one.mentions] == [0, 10]
    assert [name for names in one.aliases.values() for name in names] == ["Bob"]
    assert (other.name, other.type) == ("Bob", "place")


def test_leaves_out_what_is_unwanted_or_cannot_be_kept() -> None:
    extraction = Extraction(
        entities=(
            candidate("Ada"),
            candidate("Low", confidence=0.2),
            candidate("Paris", kind="place"),
            candidate("x" * 501),
            candidate("half\ud800"),
        )
    )
    options = ExtractionOptions(types=("person",), min_confidence=0.5)
    assert [reading.name for reading in readings(extraction, options)] == ["Ada"]


def test_the_name_decides_before_any_alias() -> None:
    ada, countess = known("Ada"), known("Countess")
    owners = {EntityKey("person", "ada"): ada, EntityKey("person", "countess"): countess}
    found = readings(Extraction(entities=(candidate("Ada", aliases=("Countess", "Enchantress")),)), ANY)
    resolution = resolve(found, owners, user_id=USER, source="s", new_id=uuid4, now=NOW)
    assert resolution.entities == [ada]
    assert resolution.proposals == []
    assert resolution.keys == {EntityKey("person", "enchantress"): ada.id}
    [gain] = growth(found, resolution, {})
    assert (gain.id, gain.confidence, list(gain.aliases)) == (ada.id, 0.9, ["Enchantress"])


def test_what_the_user_made_does_not_grow() -> None:
    ada = new_entity(USER, EntityId(uuid4()), EntityContent(name="Ada", type="person", confidence=0.1), NOW)
    found = readings(Extraction(entities=(candidate("Ada"),)), ANY)
    owners = {EntityKey("person", "ada"): ada}
    resolution = resolve(found, owners, user_id=USER, source="s", new_id=uuid4, now=NOW)
    assert growth(found, resolution, {}) == []


def test_an_edge_needs_two_different_ends() -> None:
    ada, bob = EntityId(UUID(int=1)), EntityId(UUID(int=2))
    words = Mention(start=0, end=1, text="x")

    def edge(source: str, target: str, confidence: float = 0.9) -> CandidateRelationship:
        return CandidateRelationship(
            source=source, target=target, type="knows", confidence=confidence, evidence=words
        )

    extraction = Extraction(
        entities=tuple(candidate(name) for name in ("A", "B", "C")),
        relationships=(edge("A@0", "B@0"), edge("A@0", "C@0"), edge("B@0", "A@0", 0.1)),
    )
    spoken = statements(extraction, ExtractionOptions(min_confidence=0.5))
    assert list(edges_of(spoken, {"A@0": ada, "B@0": bob})) == [(ada, bob, "knows")]
    assert list(edges_of(spoken, {"A@0": ada, "B@0": ada, "C@0": bob})) == [(ada, bob, "knows")]


def test_a_place_belongs_to_the_passage_that_holds_its_beginning() -> None:
    first, second = ChunkId(UUID(int=1)), ChunkId(UUID(int=2))
    passages = Passages(
        chunks=[Chunk(start=0, end=3, text="abc"), Chunk(start=5, end=8, text="def")], ids=[first, second]
    )
    assert [passages.at(offset) for offset in (0, 2, 3, 5, 7, 8)] == [
        first,
        first,
        None,
        second,
        second,
        None,
    ]


def test_the_surest_of_equal_places_is_kept() -> None:
    subject = EntityId(UUID(int=1))

    def place(confidence: float) -> Place:
        return Place(
            id=uuid4(), subject=subject, chunk_id=None, start=0, end=1, text="a", confidence=confidence
        )

    assert [p.confidence for p in distinct([place(0.1), place(0.9), place(0.5)])] == [0.9]
