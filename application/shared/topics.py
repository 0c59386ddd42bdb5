"""Topic patterns, matched here as the broker matches them, for every transport and for the live feed."""

from collections.abc import Iterable


def matches(pattern: str, event_type: str) -> bool:
    """Whether a dotted type fits an AMQP topic pattern: `*` is exactly one word, `#` is any number."""
    if pattern in ("#", event_type):
        return True
    words = event_type.split(".")
    # reached[i]: the pattern so far fits the first i words.
    reached = [True] + [False] * len(words)
    for part in pattern.split("."):
        if part == "#":
            first = reached.index(True) if True in reached else len(reached)
            reached = [index >= first for index in range(len(reached))]
        else:
            fits = [part in ("*", word) for word in words]
            reached = [False] + [reached[index] and fits[index] for index in range(len(words))]
    return reached[-1]


def matches_any(patterns: Iterable[str], event_type: str) -> bool:
    """Whether one of the patterns fits."""
    return any(matches(pattern, event_type) for pattern in patterns)
