"""Checks that an extraction cannot contradict itself."""

import pytest

from domain.extraction.candidates import CandidateEntity, CandidateRelationship, Extraction, Mention

MENTION = Mention(start=0, end=3, text="Ada")


def _entity(key: str, *, confidence: float = 0.5, name: str = "Ada") -> CandidateEntity:
    return CandidateEntity(key=key, name=name, type="person", confidence=confidence, mentions=(MENTION,))


@pytest.mark.parametrize(("start", "end", "text"), [(-1, 2, "abc"), (3, 3, ""), (0, 2, "abc")])
def test_refuses_a_mention_that_is_no_stretch_of_text(start: int, end: int, text: str) -> None:
    with pytest.raises(ValueError, match="mention"):
        Mention(start=start, end=end, text=text)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_refuses_a_confidence_outside_its_range(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        _entity("e1", confidence=confidence)


def test_refuses_an_entity_without_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        _entity("e1", name=" ")


def test_refuses_two_entities_with_one_key() -> None:
    with pytest.raises(ValueError, match="share a key"):
        Extraction(entities=(_entity("e1"), _entity("e1")))


def test_refuses_a_relationship_with_an_unknown_end() -> None:
    edge = CandidateRelationship(source="e1", target="e2", type="is_a", confidence=0.5, evidence=MENTION)
    with pytest.raises(ValueError, match="not there"):
        Extraction(entities=(_entity("e1"),), relationships=(edge,))
