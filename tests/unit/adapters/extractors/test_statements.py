"""Checks what sentences are read to say, and what they are not."""

import pytest

from tests.unit.adapters.extractors.reading import read, statements


@pytest.mark.parametrize(
    ("text", "source", "relationship", "target"),
    [
        ("Ada Lovelace was born in London.", "Ada Lovelace", "born_in", "London"),
        (
            "Ada Lovelace was born in London on 10 December 1815.",
            "Ada Lovelace",
            "born_on",
            "10 December 1815",
        ),
        ("Alan Turing died in Wilmslow.", "Alan Turing", "died_in", "Wilmslow"),
        ("Robert Noyce founded Intel Corporation in 1968.", "Robert Noyce", "founded", "Intel Corporation"),
        (
            "Greenpeace Foundation was founded in 1971 by Mary Hill.",
            "Mary Hill",
            "founded",
            "Greenpeace Foundation",
        ),
        ("Robert Noyce and Gordon Moore founded Zylo Inc.", "Robert Noyce", "founded", "Zylo Inc"),
        ("Jack Kilby worked for Texas University.", "Jack Kilby", "works_for", "Texas University"),
        ("Anna Berg, the director of the Oslo Museum, left.", "Anna Berg", "leader_of", "Oslo Museum"),
        ("The Nordic Council is led by Anna Berg.", "Anna Berg", "leader_of", "Nordic Council"),
        ("France joined the European Union.", "France", "member_of", "European Union"),
        ("The Air Service is part of the Royal Navy.", "Air Service", "part_of", "Royal Navy"),
        ("The Science Museum is located in London.", "Science Museum", "located_in", "London"),
        ("They met in Palmyra, Syria.", "Palmyra", "located_in", "Syria"),
        ("Paris is the capital of France.", "Paris", "capital_of", "France"),
        ("Paris is a city in France.", "Paris", "is_a", "city"),
        ("Ada Lovelace was an English mathematician.", "Ada Lovelace", "is_a", "mathematician"),
        ("Remington Group acquired Eckert Corporation.", "Remington Group", "acquired", "Eckert Corporation"),
        ("Marie Curie married Pierre Curie in 1895.", "Marie Curie", "married_to", "Pierre Curie"),
        ('Jane Austen wrote the novel "Emma Woodhouse".', "Jane Austen", "created", "Emma Woodhouse"),
        ("Grace Hopper studied at Yale University.", "Grace Hopper", "educated_at", "Yale University"),
        ("Dennis Ritchie received the Turing Award.", "Dennis Ritchie", "received", "Turing Award"),
        ("Brian Smith, also known as Barry Jones, fled.", "Brian Smith", "also_known_as", "Barry Jones"),
        ("The Battle of Hastings took place in 1066.", "Battle of Hastings", "happened_on", "1066"),
        ("Ada Lovelace stayed. She was born in London.", "Ada Lovelace", "born_in", "London"),
    ],
)
def test_reads(text: str, source: str, relationship: str, target: str) -> None:
    assert (source, relationship, target) in statements(text)


@pytest.mark.parametrize(
    "text",
    [
        "Marie Curie was in Paris. London is far.",
        "They went to Paris, London, Berlin and Rome.",
        "Anna Berg saw that Robert Smith left.",
    ],
)
def test_names_side_by_side_state_nothing(text: str) -> None:
    assert {edge for edge in statements(text) if edge[1] != "is_a"} == set()


def test_the_evidence_is_the_sentence() -> None:
    extraction = read("It rained. Ada Lovelace was born in London. She left.")
    born = next(edge for edge in extraction.relationships if edge.type == "born_in")
    assert born.evidence.text == "Ada Lovelace was born in London."


def test_a_pronoun_is_less_sure_than_a_name() -> None:
    by_name = read("Ada Lovelace stayed. Ada Lovelace was born in London.").relationships
    by_pronoun = read("Ada Lovelace stayed. She was born in London.").relationships
    assert by_pronoun[0].confidence < by_name[0].confidence


def test_what_somebody_designed_is_a_work() -> None:
    kinds = {each.name: each.type for each in read("Tommy Flowers designed the Colossus.").entities}
    assert kinds["Colossus"] == "work"
