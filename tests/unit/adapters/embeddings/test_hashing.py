"""Checks that hashed vectors say which texts are alike, everywhere alike."""

import time

from adapters.embeddings.hashing import embed_text


def _cosine(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(embed_text(one), embed_text(other), strict=True))


def test_texts_on_one_subject_are_closer_than_texts_on_two() -> None:
    wing = "Pressure distribution over a wing at high speed."
    assert _cosine(wing, "The wings of fast aircraft and the pressures on them.") > 3 * _cosine(
        wing, "Cooking rice with saffron takes twenty minutes."
    )


def test_case_and_unicode_form_do_not_matter() -> None:
    assert embed_text("Caf\u00e9 SOCIETY") == embed_text("cafe\u0301 society")


def test_inflected_words_stay_close() -> None:
    assert _cosine("extraction", "extractions") > 0.5


def test_vectors_are_the_same_in_every_process() -> None:
    # The largest components of a fixed text, as any machine computes them: a changed hash or weighting
    # makes stored vectors worthless and needs a new name for the embedder.
    vector = embed_text("knowledge graph")
    top = sorted(range(len(vector)), key=lambda at: -abs(vector[at]))[:3]
    assert set(top) == {8, 148, 281}


def test_embeds_more_than_300_chunks_a_second() -> None:
    text = " ".join(f"word{number} of chunk" for number in range(60))
    started = time.process_time()
    for number in range(300):
        embed_text(f"{text} number {number}")
    assert time.process_time() - started < 1.0
