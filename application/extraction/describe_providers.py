"""Says which extractors and embedders are configured, and whether they answer."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Literal

from application.extraction.read_document import ReadingTools


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    """`dimension` is an embedder's; `is_default` tells what is used when nothing else is asked for."""

    kind: Literal["extractor", "embedder"]
    name: str
    is_default: bool
    reachable: bool
    dimension: int | None = None


class DescribeProviders:
    """Tries each provider on nothing; one that does not answer within `patience` seconds is unreachable."""

    def __init__(self, tools: ReadingTools, patience: float = 5.0) -> None:
        self._tools = tools
        self._patience = patience

    async def __call__(self) -> Sequence[ProviderView]:
        tools = self._tools
        names = list(tools.extractors)
        answers = await asyncio.gather(
            self._answers(tools.embedder.embed([""])),
            *(self._answers(tools.extractors[name].extract("", title="")) for name in names),
        )
        embedder = ProviderView(
            kind="embedder",
            name=tools.embedder.name,
            is_default=True,
            reachable=answers[0],
            dimension=tools.embedder.dimension,
        )
        extractors = [
            ProviderView(
                kind="extractor", name=name, is_default=name == tools.default_extractor, reachable=reachable
            )
            for name, reachable in zip(names, answers[1:], strict=True)
        ]
        return [*extractors, embedder]

    async def _answers(self, call: Awaitable[object]) -> bool:
        try:
            await asyncio.wait_for(call, self._patience)
        except Exception:  # whatever a provider raises, it cannot be used now; that is the answer
            return False
        return True
