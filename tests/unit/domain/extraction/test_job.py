"""What becomes of a job."""

import pytest

from domain.extraction.job import (
    ExtractionOptions,
    JobStatus,
    checked,
    final_status,
    options_data,
    options_of,
)
from domain.shared.errors import InvalidInput


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ((3, 0, 0), JobStatus.SUCCEEDED),
        ((2, 1, 0), JobStatus.PARTIAL),
        ((1, 0, 2), JobStatus.PARTIAL),
        ((0, 3, 0), JobStatus.FAILED),
        ((0, 1, 2), JobStatus.CANCELLED),
        ((2, 0, 0), None),
        ((0, 0, 0), None),
    ],
)
def test_counts_make_the_status(counts: tuple[int, int, int], status: JobStatus | None) -> None:
    succeeded, failed, cancelled = counts
    assert final_status(total=3, succeeded=succeeded, failed=failed, cancelled=cancelled) is status


def test_options_survive_their_storage() -> None:
    options = ExtractionOptions(extractor="toy", types=("a", "b"), min_confidence=0.5)
    assert options_of(options_data(options)) == options
    assert options_of({}) == ExtractionOptions()


def test_refuses_an_extractor_that_is_not_there_and_confidence_that_is_none() -> None:
    wrong = ExtractionOptions(extractor="none", types=("t" * 65,), min_confidence=float("nan"))
    with pytest.raises(InvalidInput) as refused:
        checked(wrong, ["toy"])
    assert [v.pointer for v in refused.value.violations] == ["/extractor", "/types/0", "/min_confidence"]
