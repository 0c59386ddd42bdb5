"""Checks which names are found in sentences, and as what."""

import pytest

from tests.unit.adapters.extractors.reading import entity, names, read


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("The prize went to Mary Anderson last year.", "person", "Mary Anderson"),
        ("We heard that Dr. Xyloph Zanter had left.", "person", "Xyloph Zanter"),
        ("The talks with Abu Musab al-Zarqawi failed.", "person", "Abu Musab al-Zarqawi"),
        ("They met Prime Minister Nouri Maliki.", "person", "Nouri Maliki"),
        ("A letter from J. R. R. Tolkien was sold.", "person", "J. R. R. Tolkien"),
        ("She joined the Ministry of Trade and Industry.", "organisation", "Ministry of Trade and Industry"),
        ("He studied at the University of Oslo.", "organisation", "University of Oslo"),
        ("The shares of Zyntek Inc rose.", "organisation", "Zyntek Inc"),
        ("The Iraqi security forces withdrew.", "organisation", "Iraqi security forces"),
        ("A visit of the U.S. Department of State.", "organisation", "U.S. Department of State"),
        ("They moved to Stockholm in spring.", "place", "Stockholm"),
        ("The army stood near Qarvolim for days.", "place", "Qarvolim"),
        ("It flows into Lake Constance.", "place", "Lake Constance"),
        ("Trade with South Korea grew.", "place", "South Korea"),
        ("He fell in the Battle of Hastings.", "event", "Battle of Hastings"),
        ("After the Second World War it was rebuilt.", "event", "Second World War"),
        ("She received the Turing Award.", "award", "Turing Award"),
        ('He wrote the novel "The Silent River" there.', "work", "The Silent River"),
        ("They read *Principles of Mechanics* at school.", "work", "Principles of Mechanics"),
        ("The Syrian delegation left.", "nationality", "Syrian"),
        ("It was signed on 8 January 2015.", "date", "8 January 2015"),
        ("It was signed on January 13, 2007.", "date", "January 13, 2007"),
        ("It was signed in 1989.", "date", "1989"),
        ("It is dated 2015-01-08.", "date", "2015-01-08"),
        ("It cost $5 million.", "amount", "$5 million"),
        ("It cost 300 euros.", "amount", "300 euros"),
        ("It is 8 km away.", "amount", "8 km"),
        ("It fell by 12.5 per cent.", "amount", "12.5 per cent"),
        ("Write to ada@example.org now.", "email", "ada@example.org"),
        ("See https://example.org/a(b)?c=d.", "url", "https://example.org/a(b)?c=d"),
    ],
)
def test_finds(text: str, kind: str, name: str) -> None:
    assert (kind, name) in names(text)


@pytest.mark.parametrize(
    "text",
    [
        "However, this is not so. Moreover, it rains. Yesterday was fine.",
        "Running is healthy. Carefully he opened the door.",
        "I saw a UAV. He had an ID.",
        "The river is long. A river is wet. River banks erode; the river floods.",
    ],
)
def test_capitals_of_position_name_nothing(text: str) -> None:
    assert names(text) == set()


def test_headlines_prove_nothing_by_their_capitals() -> None:
    assert names("Ten Wonderful Things People Always Forget About Gardening") == set()


def test_a_surname_means_the_person_named_before() -> None:
    found = entity("Grace Hopper wrote compilers. Later Hopper taught. We met Hopper.", "Grace Hopper")
    assert [mention.text for mention in found.mentions] == ["Grace Hopper", "Hopper", "Hopper"]
    assert found.aliases == ("Hopper",)


def test_a_surname_two_people_share_stays_by_itself() -> None:
    text = "Marie Curie was here. Pierre Curie came too. We thanked Curie."
    assert {"Marie Curie", "Pierre Curie"} <= {name for _, name in names(text)}
    assert all("Curie" not in each.aliases for each in read(text).entities)


def test_an_abbreviation_belongs_to_the_name_it_follows() -> None:
    text = "The Islamic State of Iraq and the Levant (ISIL) fled. Later ISIL returned."
    found = entity(text, "Islamic State of Iraq and the Levant")
    assert found.aliases == ("ISIL",)
    assert len(found.mentions) == 3


def test_arabic_names_match_with_and_without_the_article() -> None:
    text = "They met Nouri al-Maliki. Then Nouri Maliki left."
    assert len([name for kind, name in names(text) if kind == "person"]) == 1


def test_repetition_and_context_raise_confidence() -> None:
    once = entity("We saw Larkin Quozzle there.", "Larkin Quozzle").confidence
    twice = entity("We saw Larkin Quozzle there. They saw Larkin Quozzle here.", "Larkin Quozzle").confidence
    titled = entity("We saw Dr. Larkin Quozzle there.", "Larkin Quozzle").confidence
    assert once < twice < titled


def test_what_is_less_sure_than_the_threshold_is_left_out() -> None:
    text = "We saw Vlimquat there, and France."
    assert {each.name for each in read(text, threshold=0.8).entities} == {"France"}
    assert {each.name for each in read(text, threshold=0.0).entities} == {"France", "Vlimquat"}


def test_the_title_vouches_for_its_own_name() -> None:
    text = "People like Vlimquat there."
    assert [each.confidence for each in read(text, title="Vlimquat").entities] == [0.6]
