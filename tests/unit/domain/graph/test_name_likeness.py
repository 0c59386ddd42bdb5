"""Which names a question with typing errors can mean, and how alike they are."""

import pytest

from domain.graph.name_likeness import NameQuestion, folded_name, name_keys, name_likeness


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Zürich", "zurich"),
        ("O'Brien & Sons, Ltd.", "obrien sons ltd"),
        ("Søren  Kierkegaard", "soren kierkegaard"),
        ("Straße", "strasse"),
        ("snake_case", "snake case"),
        ("北京", "北京"),
        ("...", ""),
    ],
)
def test_folds_what_does_not_tell_names_apart(name: str, folded: str) -> None:
    assert folded_name(name) == folded


def test_short_words_leave_out_a_letter_and_long_ones_are_cut_in_three() -> None:
    assert name_keys("Ada") == {"-ada", "-da", "-aa", "-ad"}
    assert name_keys("Babbage") == {"_ba", "bab", "abb", "bba", "bag", "age", "ge_"}
    assert name_keys("of") == {"-of"}


def test_every_single_error_in_a_word_is_forgiven() -> None:
    for word in ("ada", "byron", "babbage", "lovelace", "constantinople", "internationalisation"):
        keys = name_keys(word)
        for i in range(len(word)):
            typed = [
                word[:i] + word[i + 1 :],
                word[:i] + "q" + word[i:],
                word[:i] + "q" + word[i + 1 :],
                word[:i] + word[i : i + 2][::-1] + word[i + 2 :],
            ]
            assert all(NameQuestion(one).can_mean(keys) for one in typed if len(one) > 2), (word, i)


def test_all_words_must_be_meant_but_one_of_three() -> None:
    keys = name_keys("Ada Lovelace")
    assert NameQuestion("lovelace").can_mean(keys)
    assert NameQuestion("Countess Ada Lovelace").can_mean(keys)
    assert not NameQuestion("Countess Lovelace").can_mean(keys)
    assert not NameQuestion("one two three four five six seven eight ada lovelace").can_mean(keys)
    assert not NameQuestion("...").can_mean(keys)


def test_the_same_name_is_most_alike() -> None:
    wanted = name_keys("Ada Lovelace")
    alike = [name_likeness(wanted, name) for name in ("LOVELACE, Ada", "Ada Lovelaec", "Ada", "Babbage")]
    assert alike[0] == 1.0
    assert alike == sorted(alike, reverse=True)
    assert alike[-1] == 0.0
    assert name_likeness(frozenset(), "Ada") == 0.0
