"""Guesses which language a text is written in, by the little words that no text does without."""

import re
from collections import Counter

# ruff: noqa: RUF001 - the letters of other scripts are the point

# The configurations of full text that every supported server has; `simple` takes words as they are.
LANGUAGES = (
    "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french", "german",
    "greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian",
    "portuguese", "romanian", "russian", "serbian", "simple", "spanish", "swedish", "tamil", "turkish",
    "yiddish",
)  # fmt: skip

# The beginning tells as much as the whole, and costs the same whatever the length.
_READ = 5000
_ENOUGH = 3

_COMMON = {
    "danish": "og i det at en den til er som på de med han af for ikke der var mig sig men et har vi",
    "dutch": "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem",
    "english": "the and of to in is a that was for it with as his on be at by are but from have an they",
    "finnish": "ja on ei se että hän oli joka mutta ovat kun niin tai myös sen ole kuin jos olla hänen",
    "french": "le la les des et est un une du dans que qui pour pas sur au avec ce il sont par plus ne se",
    "german": "der die und das ist nicht ein eine zu den von mit sich des auf für dem im auch war wird er",
    "hungarian": "a az és hogy nem is egy van volt meg de csak ez már még azt mint lehet vagy ki",
    "italian": "il di che la e un una è per non sono con del della le si da gli nel alla anche più come ma",
    "norwegian": "og i det er på en som av til ikke for at med de har han et om var jeg vi men seg hun",
    "portuguese": "o que e do da em um uma para com não os no se na por mais as dos como mas foi ao ele das",
    "romanian": "și de la în cu pe nu este un o care din sunt mai pentru ce că să fi au prin dar",
    "russian": "и в не на что он с как это по но из у за от так же она было они его к для мы",
    "spanish": "el la de que y en los se del las un por con no una su para es al lo como más pero sus fue",
    "swedish": "och i att det som en på är av för med den till inte om har de ett var han jag men sig från",
    "turkish": "ve bir bu da de için ile çok ama gibi daha olarak var ne olan kadar sonra her mi ki değil",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_SCRIPTS = {
    "greek": re.compile(r"[\u0370-\u03ff]"),
    "armenian": re.compile(r"[\u0530-\u058f]"),
    "yiddish": re.compile(r"[\u05f0-\u05f2]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "tamil": re.compile(r"[\u0b80-\u0bff]"),
}


def language_of(text: str) -> str | None:
    """The language whose little words are most frequent; None when the text gives no clear answer."""
    beginning = text[:_READ].lower()
    words = Counter(re.findall(r"[^\W\d_]+", beginning))
    letters = sum(len(word) * count for word, count in words.items())
    for language, script in _SCRIPTS.items():
        if letters and len(script.findall(beginning)) > letters / 2:
            return language
    counts = {
        language: sum(words[word] for word in common if word in words) for language, common in _WORDS.items()
    }
    best, second = sorted(counts, key=lambda language: -counts[language])[:2]
    if counts[best] < _ENOUGH or counts[best] == counts[second]:
        return None
    return best
