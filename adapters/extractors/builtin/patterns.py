# ruff: noqa: E501 - a pattern broken over lines can neither be read nor searched
"""Finds what its form gives away: addresses, dates, amounts and quoted titles."""

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Iterator
from functools import cache

import pycountry

from adapters.extractors.builtin.confidence import Evidence
from adapters.extractors.builtin.spans import Found
from adapters.extractors.builtin.words import NOT_NAMES, WORK_CUES, word_set

# Every quantifier is bounded or follows a literal that cannot start twice, so that no text takes more
# than linear time.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"\u201c\u201d|\\^`{}\[\]]{2,2000}")

_MONTH = "(?:" + "|".join([*month_name[1:], *(f"{m}\\.?" for m in (*month_abbr[1:], "Sept"))]) + ")"
_DAY = "(?:" + "|".join([*day_name, *(f"{d}\\." for d in day_abbr)]) + ")"
_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_DATE = re.compile(
    rf"\b(?:{_DAY},? {{1,3}})?(?:"
    rf"\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {{1,3}}{_MONTH}(?:,? {{1,3}}{_YEAR})?"  # 8 January 2015
    rf"|{_MONTH} {{1,3}}\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)(?:, {{0,3}}{_YEAR}| {{1,3}}{_YEAR})?"  # January 8, 2015
    rf"|{_MONTH},? {{1,3}}{_YEAR}"
    rf"|{_YEAR}-[01]\d-[0-3]\d"
    rf"|\d{{1,2}}/\d{{1,2}}/{_YEAR}"
    r")\b"
)
_LOOSE_DATE = re.compile(
    rf"\b{_DAY}\b|\b(?:1[0-9]|20)[0-9]0s\b|\b\d{{1,2}}(?:st|nd|rd|th)[ -]century\b"
    rf"|\b(?:[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Dd]uring|[Ff]rom|[Bb]efore|[Aa]fter|[Oo]f|[Tt]o|[Ee]arly|[Ll]ate|[Mm]id|[Aa]round"
    rf"|[Bb]etween|[Aa]nd|\(|,) {{0,2}}({_YEAR}(?:[-\u2013/]\d{{2,4}})?)(?=[\s.,;:)\]]|$)(?! (?:people|men|km))"
    rf"|\b((?:{'|'.join(month_name[1:5])}|{'|'.join(month_name[6:])}))\b"
)
_YEAR_BEFORE_NAME = re.compile(rf"\b({_YEAR})(?= [A-Z])")

_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,15})(?:\.\d{1,6})?"
_MAGNITUDE = r"(?:[ -]?(?:hundred|thousand|million|billion|trillion|[mbk]n?)\b)?"
_SPELT = r"(?:hundreds|thousands|millions|billions|dozens) of "
_UNITS = [
    "km",
    "kilometres",
    "kilometers",
    "kilometre",
    "kilometer",
    "m",
    "metres",
    "meters",
    "metre",
    "meter",
    "cm",
    "mm",
    "miles",
    "mile",
    "mi",
    "ft",
    "feet",
    "foot",
    "inches",
    "inch",
    "yards",
    "yard",
    "acres",
    "hectares",
    "kg",
    "kilograms",
    "kilogram",
    "g",
    "grams",
    "tonnes",
    "tons",
    "ton",
    "pounds",
    "lb",
    "lbs",
    "ounces",
    "litres",
    "liters",
    "gallons",
    "barrels",
    "mph",
    "knots",
    "km/h",
    "kW",
    "MW",
    "GW",
    "kWh",
    "V",
    "volts",
    "W",
    "watts",
    "Hz",
    "kHz",
    "MHz",
    "GHz",
    "degrees",
    "°C",
    "°F",
    "hours",
    "hour",
    "minutes",
    "seconds",
    "days",
    "weeks",
    "months",
    "years",
    "bytes",
    "KB",
    "MB",
    "GB",
    "TB",
    "bits",
    "people",
]
_QUANTITY = re.compile(
    rf"(?<![\w.,/]){_NUMBER}{_MAGNITUDE}[ -]?(?:(?:{'|'.join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))})\b"
    r"|(?:per ?cent\b|%|°[CF]\b))"
)
_SYMBOLS = r"(?:(?:US|C|A|NZ|HK|S)?\$|[€£¥₹₽₺₩₪])"
_QUOTED = re.compile(r"[\"\u201c]([^\"\u201c\u201d\n]{2,90})[\"\u201d]")
_ITALIC = re.compile(r"(?<![\w*_])([*_])(?![\s*_])([^*_\n]{2,90})(?<![\s*_])\1(?![\w*_])")
_CUE = re.compile(r"(\w{3,20}),?(?: (?:called|titled|entitled|named))? [*_]?$")
_WROTE = word_set("called titled entitled wrote published directed authored composed")
_SMALL = word_set("a an and as at but by for from in into nor of on or the to with vs")


@cache
def _money() -> re.Pattern[str]:
    """Amounts of money; the names of currencies come from ISO 4217."""
    codes = "|".join(sorted(currency.alpha_3 for currency in pycountry.currencies))
    words = {
        currency.name.split()[-1].lower() for currency in pycountry.currencies if currency.name.isascii()
    }
    units = "|".join(
        sorted(f"{w}s?" for w in words if w.isalpha() and len(w) > 2 and w not in {"all", "code"})
    )
    return re.compile(
        rf"(?<!\w){_SYMBOLS} ?{_NUMBER}{_MAGNITUDE}"
        rf"|(?<![\w.,])(?:{_NUMBER}{_MAGNITUDE} |{_SPELT})(?:(?:US|American|Canadian|Australian) )?(?:(?:{units}|euros?|pounds)\b|(?:{codes})\b)"
        rf"|\b(?:{codes}) {_NUMBER}{_MAGNITUDE}"
    )


def find_forms(text: str, start: int, end: int) -> Iterator[Found]:  # noqa: C901 - one loop for each form
    """Addresses, dates and amounts of `text[start:end]`; earlier kinds may overlap later ones."""
    for match in _URL.finditer(text, start, end):
        trimmed = match.group().rstrip(".,;:!?'\u2019*_")
        if trimmed.endswith(")") and "(" not in trimmed:
            trimmed = trimmed.rstrip(").,")
        if len(trimmed) > 8:
            yield Found(match.start(), match.start() + len(trimmed), trimmed, "url", Evidence.FORM)
    if text.find("@", start, end) >= 0:
        for match in _EMAIL.finditer(text, start, end):
            yield _found(match, 0, "email", Evidence.FORM)
    for match in _DATE.finditer(text, start, end):
        yield _found(match, 0, "date", Evidence.FORM)
    for match in _LOOSE_DATE.finditer(text, start, end):
        yield _found(match, 1 if match.group(1) else 0, "date", Evidence.LISTED)
    for match in _YEAR_BEFORE_NAME.finditer(text, start, end):
        yield _found(match, 0, "date", Evidence.CUED)
    for match in _money().finditer(text, start, end):
        yield _found(match, 0, "amount", Evidence.FORM)
    for match in _QUANTITY.finditer(text, start, end):
        yield _found(match, 0, "amount", Evidence.FORM)


def find_works(text: str, start: int, end: int) -> Iterator[Found]:
    """Titles in quotation marks or italics."""
    for pattern, group in ((_QUOTED, 1), (_ITALIC, 2)):
        for match in pattern.finditer(text, start, end):
            words = match.group(group).split()
            cue = _CUE.search(text, max(start, match.start() - 40), match.start())
            cued = cue is not None and (cue.group(1).lower() in WORK_CUES | _WROTE)
            large = [word for word in words if word.lower() not in _SMALL]
            titled = all(word[0].isupper() or not word[0].isalpha() for word in large)
            if not large or not titled or not words[0][0].isupper() or len(words) > 12:
                continue
            if (len(words) == 1 and not cued) or (large[0].lower() in NOT_NAMES and len(large) == 1):
                continue
            end_at = match.end(group) - (1 if match.group(group)[-1] in ",.;" else 0)
            yield Found(
                match.start(group),
                end_at,
                text[match.start(group) : end_at],
                "work",
                Evidence.CUED_WORK if cued else Evidence.SMALL_LISTED,
            )


def _found(match: re.Match[str], group: int, kind: str, evidence: Evidence) -> Found:
    return Found(match.start(group), match.end(group), match.group(group), kind, evidence)
