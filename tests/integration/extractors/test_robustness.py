"""Checks that no text breaks the extractor or holds it up, and that its data costs nothing unasked."""

import random
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.extractors.builtin.gazetteer import LazyGazetteer
from adapters.extractors.builtin.reading import Stopped, read_document
from tests.unit.adapters.extractors.reading import read

_RANDOM = random.Random(7)  # noqa: S311 - test data, the same every time
# A hundred kilobytes each: linear time means a second at most, quadratic time would mean minutes.
GARBAGE = {
    "words": "A " * 50_000,
    "one word": "a" * 100_000,
    "brackets": "(" * 100_000,
    "stops": "." * 100_000,
    "quotes": '" ' * 50_000,
    "stars": "*" * 100_000,
    "at": "a@" * 50_000,
    "www": "www." * 25_000,
    "digits": "1," * 50_000,
    "money": "$1 " * 33_000,
    "names": "Ada Lovelace, " * 7_500,
    "of": "University of " * 7_500,
    "initials": "U." * 50_000,
    "mixed": "".join(_RANDOM.choice("aAbBzZ ().\"'-*_@:/19$%\n") for _ in range(100_000)),
    "unicode": "".join(chr(_RANDOM.randrange(32, 0x11000)) for _ in range(100_000)),
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_read_in_linear_time(text: str) -> None:
    LazyGazetteer().get()
    started = time.process_time()
    read(text, title=text[:100])
    assert time.process_time() - started < 20


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(), max_size=400))
def test_any_text_is_read_and_offsets_hold(text: str) -> None:
    extraction = read(text, title=text[:20], threshold=0.0)
    for each in extraction.entities:
        assert all(text[mention.start : mention.end] == mention.text for mention in each.mentions)


def test_stops_when_told() -> None:
    with pytest.raises(Stopped):
        read_document("Text.", title="", known=LazyGazetteer().get(), threshold=0.0, stopped=lambda: True)


def test_importing_loads_no_data() -> None:
    code = (
        "from adapters.extractors.builtin import BuiltinExtractor; BuiltinExtractor(); "
        "from adapters.extractors.builtin.gazetteer import LazyGazetteer as g; assert g._shared is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - this very interpreter
