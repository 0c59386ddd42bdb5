"""Cuts text into sentences and words, in one pass each, whatever the text holds."""

import re
from collections.abc import Iterator

from adapters.extractors.builtin.spans import Sentence, Token
from adapters.extractors.builtin.words import NOT_NAMES, word_set

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|\w+(?:['\u2019\-\u2010\u2011]\w+)*|[^\w\s]")
_BOUNDARY = re.compile(r"[.!?\u2026\u3002]{1,8}(?:\[\d{1,3}\]){0,8}[\"'\u201d\u2019)\]]{0,3}(?=\s|$)|\n")
_LAST_WORD = re.compile(r"[\w.]{1,12}$")
_NEXT = re.compile(r"\s{0,50}[\"'\u201c\u2018(\[*_#]{0,3}(\S?)")
_WORD_AHEAD = re.compile(r"\s{0,50}(\w{1,20})")
_BLANK = re.compile(r"\n[ \t\r]*(?:\n|$)")

_ABBREVIATIONS = word_set(
    "mr mrs ms dr prof brig gen lt col maj capt sgt adm rev hon st sr jr vs etc inc ltd co corp no "
    "vol pp ca approx jan feb mar apr jun jul aug sep sept oct nov dec mt ft e.g i.e cf al fig gov "
    "sen rep pres"
)
_LONGEST_SENTENCE = 2_000
_SHORT_LINE = 60
_WRAPPED_LINE = 130  # no text is wrapped later than this: such a line is a paragraph


def blocks(text: str, size: int = 20_000) -> Iterator[tuple[int, int]]:
    """Stretches of about `size` characters that end at a line or a space where there is one."""
    start = 0
    while len(text) - start > size:
        end = start + size
        for cut in ("\n\n", "\n", ". ", " "):
            at = text.rfind(cut, start + size // 2, end)
            if at >= 0:
                end = at + len(cut)
                break
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def sentences(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The sentences of `text[start:end]`; lines that stand alone count as sentences."""
    begin = start
    for match in _BOUNDARY.finditer(text, start, end):
        if _ends_sentence(text, match, begin, end):
            yield from _clipped(text, begin, match.end())
            begin = match.end()
    yield from _clipped(text, begin, end)


def _ends_sentence(text: str, match: re.Match[str], begin: int, end: int) -> bool:
    following = _NEXT.match(text, match.end(), end)
    first = following.group(1) if following else ""
    if match.group()[0] == "\n":
        line = match.start() - (
            text.rfind("\n", max(0, match.start() - 200), match.start()) + 1 or match.start() - 200
        )
        starts_new = first.isupper() or not first.isalnum()
        return (
            bool(_BLANK.match(text, match.start(), end))
            or (line < _SHORT_LINE and starts_new)
            or (line > _WRAPPED_LINE and starts_new)
        )
    if match.group()[0] != ".":
        return True
    word = _LAST_WORD.search(text, max(begin, match.start() - 12), match.start())
    last = word.group() if word else ""
    if first.islower():
        return False
    initial = len(last) == 1 and last.isupper() and last != "I"  # "Mark I." ends
    if "." in last and last.replace(".", "").isalpha():  # "U.S. Army", but "in the U.S. The"
        opening = _WORD_AHEAD.match(text, match.end(), end)
        return opening is not None and opening.group(1).lower() in NOT_NAMES
    return not (initial or last.lower() in _ABBREVIATIONS)


def _clipped(text: str, begin: int, end: int) -> Iterator[Sentence]:
    while end > begin and text[begin].isspace():
        begin += 1
    for at in range(begin, end, _LONGEST_SENTENCE):
        upto = min(at + _LONGEST_SENTENCE, end)
        if text[at:upto].strip():
            yield Sentence(at, upto, headline=_is_headline(text[at:upto]))


def _is_headline(line: str) -> bool:
    """Most long words capitalised and no full stop: a headline in title case, or all capitals."""
    if len(line) > 200 or line.rstrip().endswith((".", "!", "?", ";")):
        return False
    words = [word for word in line.split() if len(word) > 3 and word[0].isalpha()]
    capitalised = sum(word[0].isupper() for word in words)
    return (len(words) >= 4 and capitalised >= 0.75 * len(words)) or (len(words) >= 3 and line.isupper())


def tokens(text: str, start: int, end: int) -> list[Token]:
    """Words and marks; a possessive ending or a lower-case second half ("-led") is not part of its word."""
    return [_name_part(match) for match in _TOKEN.finditer(text, start, end)]


def _name_part(match: re.Match[str]) -> Token:
    word, start = match.group(), match.start()
    if len(word) > 3 and word[-1] == "s" and word[-2] in "'\u2019":
        word = word[:-2]
    if "-" in word and word[0].isupper():
        head, _, tail = word.rpartition("-")
        if tail.islower() and len(head) > 1:
            word = head
    return Token(start, start + len(word), word)
