"""Decides when two names mean the same thing: equal resolution keys, and nothing cleverer than that."""

import itertools
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

_LONG_LEGAL_FORMS = (["sp", "zoo"], ["sp", "z", "oo"])  # "Sp. z o.o.", its initials joined or not

_BEFORE_NAMES = _words(
    "mr mrs ms miss mx dr prof professor sir dame lord lady madam rev reverend hon honourable honorable fr sr"
)
_AFTER_NAMES = _words("jr sr phd md esq obe cbe mbe kbe")

# Letters that carry no combining mark, so that decomposing does not reach them.
# ruff: noqa: RUF001 - the letters are the point
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})

_APOSTROPHES = re.compile(r"['\u2019\u02bc`]")
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")


def _fold(name: str) -> str:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    text = _LATIN_MARKS.sub("", text)
    # Outside Latin a mark can be a vowel: those scripts are put back together as they were.
    text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    text = _APOSTROPHES.sub("", text)
    text = text.replace("&", " and ").replace("ph.d", "phd")
    # Letters, digits and the marks that belong to them (vowels of Indic scripts) stay; the rest separates.
    kept = (char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in text)
    return " ".join("".join(kept).split())


def resolution_key(name: str, type: str) -> str:  # noqa: A002 - the field is called type everywhere else
    """The key under which equal names of one type meet; never empty for a name that is not empty.

    Case, accents, punctuation, white space and a leading article do not tell names apart, nor does it matter
    how initials are spelled, nor the legal form of an organisation and the honorifics of a person. The key of
    a key is that key.
    """
    folded = _fold(name)
    if not folded:  # punctuation alone: the name itself is all there is
        return unicodedata.normalize("NFKC", name).casefold().strip() or name
    words = folded.split()
    while (shorter := _told_apart_by(words, type)) != words:
        words = shorter
    return " ".join(words)


def _told_apart_by(words: list[str], kind: str) -> list[str]:
    """The words that tell a name apart from others, after one round of dropping the rest."""
    words = _with_initials_joined(words, kind)
    # "A. Turing" and "An Nguyen" have no article.
    articles = {"the"} if kind == "person" else _ARTICLES
    if len(words) > 1 and words[0] in articles:
        words = words[1:]
    if kind == "organisation":
        words = _without_legal_form(words)
    if kind == "person":
        while len(words) > 1 and words[0] in _BEFORE_NAMES:
            words = words[1:]
        while len(words) > 1 and words[-1] in _AFTER_NAMES:
            words = words[:-1]
    return words


def _with_initials_joined(words: list[str], kind: str) -> list[str]:
    """`j r r tolkien` as `jrr tolkien`; only scripts with capitals have initials."""
    joined: list[str] = []
    for are_initials, run in itertools.groupby(words, _is_initial):
        letters = list(run)
        word = "".join(letters)
        # Nobody writes these letter by letter: "D. R. Smith" is no doctor, and "Ewing, J. R." no junior.
        is_title = kind == "person" and (word in _BEFORE_NAMES or (word == "jr" and joined))
        joined += [word] if are_initials and not is_title else letters
    return joined


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.isalpha() and word.upper() != word


def _without_legal_form(words: list[str]) -> list[str]:
    end = len(words)
    while end > 1:
        if words[end - 1] in _LEGAL_FORMS or (end < len(words) and words[end - 1] == "and"):
            end -= 1  # "and" is what "& Co" leaves behind
        elif form := next((form for form in _LONG_LEGAL_FORMS if words[1:end][-len(form) :] == form), None):
            end -= len(form)
        else:
            break
    return words[:end]
