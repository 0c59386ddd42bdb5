"""Lines of text out of chunks of bytes, none of them longer than anybody should have to hold."""

from collections.abc import Iterable, Iterator

from application.graph.imports import BrokenFile

LONGEST_LINE = 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Every line with its number from 1, without its end. Raises `BrokenFile` for one that is too long."""
    number, rest = 0, b""
    for chunk in chunks:
        rest += chunk
        if number == 0 and len(rest) >= len(BYTE_ORDER_MARK):
            rest = rest.removeprefix(BYTE_ORDER_MARK)
        found = rest.split(b"\n")
        rest = found.pop()
        for line in found:
            number += 1
            _bounded(line, number)
            yield number, line
        _bounded(rest, number + 1)
    if rest:
        yield number + 1, rest.removeprefix(BYTE_ORDER_MARK) if number == 0 else rest


def _bounded(line: bytes, number: int) -> None:
    if len(line) > LONGEST_LINE:
        detail = f"line {number} has more than {LONGEST_LINE:,} bytes"
        raise BrokenFile(detail, number, code="too_long")


def beginning(chunks: Iterable[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """At least so many bytes of a file, unless it has less, and what follows them."""
    rest = iter(chunks)
    first = b""
    while len(first) < size and (chunk := next(rest, b"")):
        first += chunk
    return first, rest
