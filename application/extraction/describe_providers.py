"""Says which extractors and embedders are configured, and whether they answer."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from application.extraction.ports import Embedder, Extractor


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

    def __init__(
        self,
        extractors: Mapping[str, Extractor],
        embedder: Embedder,
        default_extractor: str,
        patience: float = 5.0,
    ) -> None:
        self._extractors = extractors
        self._embedder = embedder
        self._default = default_extractor
        self._patience = patience

    async def __call__(self) -> Sequence[ProviderView]:
        answers = await asyncio.gather(
            self._answers(self._embedder.embed([""])),
            *(self._answers(extractor.extract("", title="")) for extractor in self._extractors.values()),
        )
        embedder = ProviderView(
            kind="embedder",
            name=self._embedder.name,
            is_default=True,
            reachable=answers[0],
            dimension=self._embedder.dimension,
        )
        extractors = [
            ProviderView(kind="extractor", name=name, is_default=name == self._default, reachable=reachable)
            for name, reachable in zip(self._extractors, answers[1:], strict=True)
        ]
        return [*extractors, embedder]

    async def _answers(self, call: Awaitable[object]) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                await call
        except Exception:  # whatever a provider raises, it cannot be used now; that is the answer
            return False
        return True
