"""Which language a text is taken for."""

import pytest

from domain.documents.language import LANGUAGES, language_of

# ruff: noqa: RUF001 - the letters of other scripts are the point
SAMPLES = {
    "danish": "Det er ikke mig der har været på den anden side af huset og jeg ved det",
    "dutch": "Het is niet de man die in het huis was maar een vrouw met een hoed op",
    "english": "The house that was built on the hill is for them and it had a garden",
    "french": "Le chat est dans la maison et les enfants ne sont pas sur le toit avec lui",
    "german": "Der Hund und die Katze sind nicht im Haus, das auf dem Hügel mit einem Garten ist",
    "italian": "Il gatto è nella casa e non sono più gli uccelli che della finestra si da",
    "portuguese": "O gato não está em casa mas os cães foram com uma senhora para o jardim ao lado",
    "russian": "Он не был в доме, но она была там и так же от него из сада",
    "spanish": "El perro y los gatos no están en la casa pero las aves del jardín fue su voz",
    "swedish": "Det är inte jag som har varit på den andra sidan av huset och han var med",
    "turkish": "Bu ev çok güzel ama daha büyük bir bahçe ile de olan ne kadar iyi ve gibi",
    "greek": "Το σπίτι είναι στον λόφο",
    "arabic": "البيت على التل",
    "tamil": "வீடு மலையில் உள்ளது",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_knows_languages_by_their_little_words(language: str) -> None:
    assert language_of(SAMPLES[language]) == language
    assert language in LANGUAGES


@pytest.mark.parametrize("text", ["", "1234", "hello", "北京", "Ada Lovelace", "\x00" * 10])
def test_says_nothing_of_what_gives_no_answer(text: str) -> None:
    assert language_of(text) is None
