"""What is ingested: documents made up on the spot, and re3d where it lies beside the repository."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Final

from tests.e2e.resilience.deployment import ROOT

Document = dict[str, str]

RE3D: Final = ROOT.parent / "shared" / "data" / "re3d"
SAMPLES: Final = ROOT / "entrypoints" / "cli" / "samples"

GIVEN: Final = [
    "Maria",
    "Peter",
    "Ingrid",
    "Tomas",
    "Amelia",
    "Viktor",
    "Helena",
    "Samuel",
    "Clara",
    "Oscar",
    "Louise",
    "Walter",
]
FAMILY: Final = [
    "Lindqvist",
    "Novak",
    "Ferreira",
    "Okonkwo",
    "Haddad",
    "Moreau",
    "Castillo",
    "Bergmann",
    "Tanaka",
    "Whitfield",
]
COMPANIES: Final = [
    f"{first} {second} Ltd"
    for first in ["Borealis", "Quartz", "Meridian", "Tamarind", "Halcyon", "Cobalt"]
    for second in ["Energy", "Systems", "Foods", "Shipping", "Textiles"]
]
CITIES: Final = [
    "Oslo",
    "Lisbon",
    "Nairobi",
    "Kyoto",
    "Toronto",
    "Lima",
    "Warsaw",
    "Dublin",
    "Cairo",
    "Jakarta",
]


def stream(seed: int = 1, *, longest: int = 4) -> Iterator[Document]:
    """Documents without end about a small world: many speak of the same people, companies and places.

    Everything is always called by its full name: what the graph holds in the end then does not depend on
    which document is read first.
    """
    pick = random.Random(seed)  # noqa: S311 - the same documents every time
    for number in itertools.count():
        lines = [f"Report {number} of series {seed}."]
        for _ in range(pick.randint(1, longest)):
            person, other = (f"{pick.choice(GIVEN)} {pick.choice(FAMILY)}" for _ in range(2))
            company, city = pick.choice(COMPANIES), pick.choice(CITIES)
            lines += [
                f"{person} works for {company}.",
                f"{person} was born in {city} on {pick.randint(1, 28)} March {pick.randint(1930, 1999)}.",
                f"{company} is located in {city}.",
                f"{other} founded {company}.",
                f"{company} paid ${pick.randint(2, 90)} million.",
            ]
        pick.shuffle(lines)
        yield {"title": f"Report {number}", "content": "\n".join(lines)}


def generated(count: int, seed: int = 1, *, longest: int = 4) -> list[Document]:
    """The first so many of them."""
    return list(itertools.islice(stream(seed, longest=longest), count))


def samples() -> list[Document]:
    """The documents a first start brings."""
    return [
        {"title": path.stem, "content": path.read_text(), "media_type": "text/markdown"}
        for path in sorted(SAMPLES.glob("*.md"))
    ]


def re3d() -> list[Document]:
    """Real news releases and encyclopedia articles; none where the data is not there."""
    lines = [line for path in sorted(RE3D.glob("*/documents.json")) for line in path.read_text().split("\n")]
    records = [json.loads(line) for line in lines if line.strip()]
    return [{"title": record["title"], "content": record["text"]} for record in records]


def mixed() -> list[Document]:
    """All of it, well mixed; the same order every time."""
    documents = [*generated(100, longest=12), *samples(), *re3d()]
    random.Random(1).shuffle(documents)  # noqa: S311 - the same order every time
    return documents


NAME: Final = "generated+re3d" if RE3D.is_dir() else "generated"
