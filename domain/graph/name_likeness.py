"""Decides how alike two names are despite typing errors, and which can be meant at all.

The same rules as the functions of migration 0016, for what runs without a database.
"""

import re
import unicodedata
from collections.abc import Sequence

# Letters that carry no combining mark, so that decomposing does not reach them.
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ß": "ss"}  # noqa: RUF001 - the letters are the point
)
_APOSTROPHES = re.compile(r"['\u2019\u02bc]")
_MARKS = re.compile(r"[\u0300-\u036f]+")
_SEPARATORS = re.compile(r"[\W_]+")

# A question of more long words is a sentence, no name.
MOST_WORDS = 8


def folded_name(name: str) -> str:
    """A name as it is compared: no case, accents or punctuation."""
    text = _MARKS.sub("", unicodedata.normalize("NFKD", name.lower()))
    text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    return _SEPARATORS.sub(" ", _APOSTROPHES.sub("", text)).strip()


def _trigrams(word: str) -> list[str]:
    padded = f"_{word}_"
    return [padded[i : i + 3] for i in range(len(word))]


def _shortened(word: str) -> list[str]:
    """The word, and it without each of its letters."""
    shorter = [word[:i] + word[i + 1 :] for i in range(len(word))] if len(word) >= 3 else []
    return [f"-{key}" for key in (word, *shorter)]


def name_keys(*names: str) -> frozenset[str]:
    """What names with typing errors still share: trigrams of long words, short words less a letter."""
    keys: set[str] = set()
    for word in (word for name in names for word in folded_name(name).split()):
        if len(word) >= 5:
            keys.update(_trigrams(word))
        if len(word) <= 6:
            keys.update(_shortened(word))
    return frozenset(keys)


def name_likeness(wanted: frozenset[str], name: str) -> float:
    """How alike two names are, 0 to 1, from the keys of one: the mean of the share of all keys that both
    have, and the share of the wanted ones that are there."""
    others = name_keys(name)
    if not wanted:
        return 0.0
    shared = len(wanted & others)
    return shared / (len(wanted) + len(others)) + 0.5 * shared / len(wanted)


class NameQuestion:
    """Which names can be meant: all wanted words (of three and more, all but one), each up to one typing
    error, long ones up to two. Nothing, or a whole sentence, means no name."""

    def __init__(self, wanted: str) -> None:
        words = set(folded_name(wanted).split())
        words = {word for word in words if len(word) > 2} or words
        self.keys = name_keys(wanted)
        self._words = [self._groups(word) for word in words] if len(words) <= MOST_WORDS else []

    @staticmethod
    def _groups(word: str) -> Sequence[frozenset[str]]:
        """Keys of which each group must have one: an error spoils at most four trigrams in a row, dealt
        out in turn."""
        if len(word) <= 5:
            return [frozenset(_shortened(word))]
        groups = 4 if len(word) >= 12 else 2
        return [frozenset(_trigrams(word)[group::groups]) for group in range(groups)]

    def can_mean(self, keys: frozenset[str]) -> bool:
        """Whether names with these keys can be meant."""
        missing = sum(not all(group & keys for group in groups) for groups in self._words)
        return bool(self._words) and missing <= (1 if len(self._words) >= 3 else 0)
