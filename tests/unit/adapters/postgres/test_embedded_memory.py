"""The embedded server takes its part of the memory there is, in a container of the container's."""

from pathlib import Path

import pytest

from adapters.postgres.embedded_memory import available, memory_options

GIBIBYTE = 1 << 30


@pytest.mark.parametrize(
    ("memory", "pages", "cache"),
    [
        (GIBIBYTE // 2, "128MB", "512MB"),
        (GIBIBYTE, "128MB", "512MB"),
        (4 * GIBIBYTE, "512MB", "2048MB"),
        (64 * GIBIBYTE, "1024MB", "32768MB"),
    ],
)
def test_takes_an_eighth_within_bounds(memory: int, pages: str, cache: str) -> None:
    assert memory_options(memory) == {"shared_buffers": pages, "effective_cache_size": cache}


def test_a_container_has_what_it_was_given(tmp_path: Path) -> None:
    unlimited, limited = tmp_path / "unlimited", tmp_path / "limited"
    unlimited.write_text("max\n")
    limited.write_text("104857600\n")
    whole = available((unlimited, tmp_path / "absent"))

    assert whole > 104857600
    assert available((unlimited, limited)) == 104857600
    assert available((limited, unlimited)) == 104857600
