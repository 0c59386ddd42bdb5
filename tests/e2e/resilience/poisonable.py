"""`kgl consume` with an extractor that fails on one word, for what no real extractor can be made to do."""

import asyncio
import os
from typing import Final

from adapters.extractors.builtin.extractor import BuiltinExtractor
from domain.extraction.candidates import Extraction
from entrypoints import container
from entrypoints.consume import consume
from entrypoints.settings import read_settings

POISON: Final = "cyanide"


class PoisonableExtractor(BuiltinExtractor):
    """Raises what nobody has thought of."""

    async def extract(self, text: str, *, title: str) -> Extraction:
        if POISON in text:
            raise ZeroDivisionError(POISON)
        return await super().extract(text, title=title)


if __name__ == "__main__":
    container.Container.extractors.kwargs["builtin"].set_provides(PoisonableExtractor)
    asyncio.run(consume(read_settings(os.environ)))
