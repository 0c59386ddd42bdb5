"""Decides when two names mean the same thing: equal resolution keys, and nothing cleverer than that."""

import re
import unicodedata


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ARTICLES = frozenset(["the", "a", "an"])

# Legal forms that follow an organisation's name without telling it apart (ISO 20275 lists the rest).
_LEGAL_FORMS = _words(
    "inc incorporated ltd limited llc llp lp plc corp corporation co company gmbh ag kg ohg ug se sa "
    "sas sarl srl spa nv bv ab as asa oy oyj aps pty pte kk sl sro doo ooo oao zao bhd"
)

_HONORIFICS = _words(
    "mr mrs ms miss mx dr prof professor sir dame lord lady madam rev reverend hon honourable "
    "honorable fr sr jr phd md esq obe cbe mbe kbe"
)

# Letters that carry no combining mark, so that decomposing does not reach them.
# ruff: noqa: RUF001 - the letters are the point
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})

_APOSTROPHES = re.compile(r"['\u2019\u02bc`]")
_INITIALS = re.compile(r"\b(?:\w\.){2,}")
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")


def _fold(name: str) -> str:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    text = _LATIN_MARKS.sub("", text)
    # Outside Latin a mark can be a vowel: those scripts are put back together as they were.
    text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    text = _APOSTROPHES.sub("", text)
    text = _INITIALS.sub(lambda match: match.group().replace(".", "") + " ", text)
    # Letters, digits and the marks that belong to them (vowels of Indic scripts) stay; the rest separates.
    kept = (char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in text)
    return " ".join("".join(kept).split())


def resolution_key(name: str, type: str) -> str:  # noqa: A002 - the field is called type everywhere else
    """The key under which equal names of one type meet; never empty for a name that is not empty.

    Case, accents, punctuation, white space and a leading article do not tell names apart, nor do the
    legal form of an organisation and the honorifics of a person.
    """
    folded = _fold(name)
    if not folded:  # punctuation alone: the name itself is all there is
        return unicodedata.normalize("NFKC", name).casefold().strip() or name
    words = folded.split()
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    if type == "organisation":
        words = _without_legal_form(words)
    if type == "person":
        words = [word for word in words if word not in _HONORIFICS] or words
    return " ".join(words)


def _without_legal_form(words: list[str]) -> list[str]:
    end = len(words)
    while end > 1 and words[end - 1] in _LEGAL_FORMS:
        end -= 1
    while end > 1 and end < len(words) and words[end - 1] in {"and"}:  # what "& Co" left behind
        end -= 1
    return words[:end]
