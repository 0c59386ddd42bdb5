"""Embeds text without a model: signed feature hashing of words, word pairs and letter groups.

Texts that share rare wording end up close. The vectors know no synonyms; a model-based embedder does.
"""

import asyncio
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import log, sqrt

from application.extraction.ports import Embedder

DIMENSION = 384

_WORD = re.compile(r"\w+")
_LONGEST_WORD = 40  # what is longer is data, not language; its beginning tells it apart well enough
_GRAM = 5

# Words carry the meaning, pairs the phrases, letter groups join inflections and misspellings.
_WORD_WEIGHT, _PAIR_WEIGHT, _GRAM_WEIGHT = 0.5, 0.2, 1.0


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Closed-class English words say nothing of a text's subject; short words of any language say little.
_FUNCTION_WORDS = _set(
    "a about after all also an and any are as at be been before being between both but by can could "
    "did do does for from had has have he her his how if in into is it its may more most no not of on "
    "one only or other our out over she should so some such than that the their them then there these "
    "they this those through to under up was we were what when which who will with would you your"
)

Features = tuple[tuple[int, float], ...]


def _slot(feature: str) -> tuple[int, float]:
    digest = int.from_bytes(blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    return (digest >> 1) % DIMENSION, 1.0 if digest & 1 else -1.0


@lru_cache(maxsize=50_000)
def _word_features(word: str) -> Features:
    """A word's own slot and those of its letter groups, which share one word's worth of weight."""
    index, sign = _slot("w:" + word)
    features = [(index, sign * _WORD_WEIGHT)]
    framed = f"<{word}>"
    grams = {framed[at : at + _GRAM] for at in range(len(framed) - _GRAM + 1)}
    for gram in sorted(grams):
        index, sign = _slot("g:" + gram)
        features.append((index, sign * _GRAM_WEIGHT / sqrt(len(grams))))
    return tuple(features)


@lru_cache(maxsize=100_000)
def _pair_feature(first: str, second: str) -> tuple[int, float]:
    return _slot(f"p:{first} {second}")


def _words(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    for match in _WORD.finditer(folded):
        word = match.group()[:_LONGEST_WORD]
        if word not in _FUNCTION_WORDS:
            yield word


def embed_text(text: str) -> tuple[float, ...]:
    """The vector of one text, of length one; the same on every machine and in every process."""
    words = list(_words(text)) or ["\0empty"]
    vector = [0.0] * DIMENSION
    for word, count in Counter(words).items():
        weight = 1.0 + log(count)
        for index, value in _word_features(word):
            vector[index] += weight * value
    for pair, count in Counter(itertools.pairwise(words)).items():
        index, sign = _pair_feature(*pair)
        vector[index] += (1.0 + log(count)) * sign * _PAIR_WEIGHT
    length = sqrt(sum(value * value for value in vector))
    if not length:  # every feature met its opposite: point somewhere rather than nowhere
        vector[_slot(words[0])[0]] = length = 1.0
    return tuple(value / length for value in vector)


def _embed_all(texts: Sequence[str]) -> list[tuple[float, ...]]:
    return [embed_text(text) for text in texts]


class HashingEmbedder(Embedder):
    """The embedder that is always there."""

    @property
    def name(self) -> str:
        return "hashing-384"

    @property
    def dimension(self) -> int:
        return DIMENSION

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        vectors: list[tuple[float, ...]] = []
        # Sixteen texts a hop: long enough to be worth a thread, short enough to stop when cancelled.
        for at in range(0, len(texts), 16):
            batch = texts[at : at + 16]
            vectors += await asyncio.to_thread(_embed_all, batch)
        return vectors
