"""The extractor that is always there: no model, no network, one answer for one text."""

import asyncio
import threading
from typing import TYPE_CHECKING

from adapters.on_demand import on_demand
from application.extraction.ports import Extractor
from domain.extraction.candidates import Extraction

if TYPE_CHECKING:
    from adapters.extractors.builtin import gazetteer, reading
else:
    # Importing them alone reads half of the lists, and makes hundreds of patterns.
    gazetteer = on_demand("adapters.extractors.builtin.gazetteer")
    reading = on_demand("adapters.extractors.builtin.reading")


class BuiltinExtractor(Extractor):
    """Reads by rules and listed names; entities less sure than `threshold` are left out.

    Entity types: person, organisation, place, work (what somebody made: a book, a machine, a program),
    event, award, date, amount, email, url, nationality, and concept for what something "is a".
    Relationship types are those of `relation_patterns` and is_a. The data of names is read on the first
    call and shared by all instances.
    """

    def __init__(self, *, threshold: float = 0.4) -> None:
        if not 0.0 <= threshold <= 1.0:
            raise ValueError(f"threshold must lie between 0 and 1, not {threshold}")
        self._threshold = threshold

    @property
    def name(self) -> str:
        return "builtin"

    async def prepare(self) -> None:
        await asyncio.to_thread(gazetteer.LazyGazetteer().get)

    async def extract(self, text: str, *, title: str) -> Extraction:
        if not text and not title:
            return Extraction()  # whoever asks whether this works need not wait for the lists
        # A thread cannot be killed: when the caller is cancelled, the flag makes it stop by itself.
        unwanted = threading.Event()
        try:
            return await asyncio.to_thread(self._read, text, title, unwanted)
        finally:
            unwanted.set()

    def _read(self, text: str, title: str, unwanted: threading.Event) -> Extraction:
        known = gazetteer.LazyGazetteer().get()
        try:
            return reading.read_document(
                text, title=title, known=known, threshold=self._threshold, stopped=unwanted.is_set
            )
        except reading.Stopped:
            return Extraction()  # nobody is there to receive it
