"""How sure the extractor is of a name, by the evidence it has: the one table all confidence comes from.

| evidence        | what was seen                                                    | base |
|-----------------|------------------------------------------------------------------|------|
| `FORM`          | the form says it all: address, full date, money, unit            | 0.95 |
| `LEGAL_FORM`    | a company's legal form ends the name                             | 0.92 |
| `LISTED`        | a first name with a last name, a year or a weekday               | 0.90 |
| `TITLED`        | a person's title stands before the name                          | 0.88 |
| `COUNTRY`       | a country                                                        | 0.84 |
| `LISTED_CUED`   | a listed city after a preposition of place                       | 0.85 |
| `HEADED`        | a noun that heads such names ("University", "River", "War")      | 0.82 |
| `DEFINED`       | an abbreviation the document spells out                          | 0.82 |
| `PEOPLE`        | the name of a people or its language                             | 0.80 |
| `CUED_WORK`     | a quoted or italic title after "novel", "film", "paper"          | 0.80 |
| `LARGE_LISTED`  | a large city or a region without any cue                         | 0.75 |
| `FIRST_NAME`    | a listed first name and an unknown word                          | 0.72 |
| `STATED`        | the sentence says what it is ("X is a village")                  | 0.70 |
| `CUED`          | an unknown name with a word that goes with its type              | 0.60 |
| `ACRONYM`       | upper-case letters nobody explains                               | 0.60 |
| `SMALL_LISTED`  | a small town without any cue; a quoted title without any cue     | 0.55 |
| `SHAPE`         | several capitalised words inside a sentence, nothing else        | 0.45 |
| `LONE`          | one capitalised word inside a sentence, nothing else             | 0.35 |
| `SENTENCE_START`| capitalised where every word is                                  | 0.20 |

A name met again gains: half of what is missing to 0.98, times one minus one over the number of mentions.
Mentions that point to different types cost the winner in proportion.
"""

from collections.abc import Mapping
from enum import StrEnum, auto


class Evidence(StrEnum):
    """Kinds of evidence, strongest first."""

    FORM = auto()
    LEGAL_FORM = auto()
    LISTED = auto()
    TITLED = auto()
    LISTED_CUED = auto()
    COUNTRY = auto()
    HEADED = auto()
    DEFINED = auto()
    PEOPLE = auto()
    CUED_WORK = auto()
    LARGE_LISTED = auto()
    FIRST_NAME = auto()
    STATED = auto()
    CUED = auto()
    ACRONYM = auto()
    SMALL_LISTED = auto()
    SHAPE = auto()
    LONE = auto()
    SENTENCE_START = auto()


BASE: Mapping[Evidence, float] = {
    Evidence.FORM: 0.95,
    Evidence.LEGAL_FORM: 0.92,
    Evidence.LISTED: 0.90,
    Evidence.TITLED: 0.88,
    Evidence.LISTED_CUED: 0.85,
    Evidence.COUNTRY: 0.84,
    Evidence.HEADED: 0.82,
    Evidence.DEFINED: 0.82,
    Evidence.PEOPLE: 0.80,
    Evidence.CUED_WORK: 0.80,
    Evidence.LARGE_LISTED: 0.75,
    Evidence.FIRST_NAME: 0.72,
    Evidence.STATED: 0.70,
    Evidence.CUED: 0.60,
    Evidence.ACRONYM: 0.60,
    Evidence.SMALL_LISTED: 0.55,
    Evidence.SHAPE: 0.45,
    Evidence.LONE: 0.35,
    Evidence.SENTENCE_START: 0.20,
}

CEILING = 0.98


def combined(best: float, mentions: int, agreement: float) -> float:
    """The confidence in a name met `mentions` times; `agreement` (0..1): how undisputed its type is."""
    gained = best + (CEILING - best) * 0.5 * (1 - 1 / mentions) if best < CEILING else best
    return round(gained * (0.6 + 0.4 * agreement), 2)
