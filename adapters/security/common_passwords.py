"""The passwords attackers try first, from the frequency list that comes with the zxcvbn package."""

from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

COMMONEST = 3_000
_ONLY_LONG = 12
_COUNTING = "1234567890" * 13


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """The 3,000 commonest of all, and of the 27,000 that follow those long enough to be chosen here."""
    ranked = _frequency_list()
    return frozenset(ranked[:COMMONEST]) | {word for word in ranked if len(word) >= _ONLY_LONG}


def _frequency_list() -> list[str]:
    """Passwords by falling frequency. The package's own front door would keep all its dictionaries in
    memory for ever, so its one file is run beside it and let go."""
    package = find_spec("zxcvbn")
    if package is None or package.origin is None:
        raise RuntimeError("the package zxcvbn is not installed")
    spec = spec_from_file_location("_frequency_lists", Path(package.origin).with_name("frequency_lists.py"))
    if spec is None or spec.loader is None:
        raise RuntimeError("the package zxcvbn has no frequency lists")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.FREQUENCY_LISTS["passwords"])


def is_common_password(password: str) -> bool:
    """Whether it is on the list in any mix of cases, is a word of the list said several times, or is made
    of digits that count up or down or repeat a few of them."""
    word, common = password.casefold(), _common()
    if word in common:
        return True
    size = (word + word).find(word, 1)  # the length of the shortest unit the word repeats
    if word.isascii() and word.isdecimal():
        return word in _COUNTING or word[::-1] in _COUNTING or size <= len(word) // 2
    return 4 <= size < len(word) and word[:size] in common
