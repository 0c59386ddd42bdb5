"""Query strings: what they can spell, and what they cannot."""

import pytest
from werkzeug.datastructures import MultiDict

from domain.shared.errors import InvalidInput
from entrypoints.http.decoding import query_decoder
from entrypoints.http.entities import EntitiesQuery


@pytest.mark.parametrize("name", ["min_confidence", "created_after"])
@pytest.mark.parametrize("null", ["null", "NULL", ""])
def test_refuses_null_for_what_is_no_text(name: str, null: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        query_decoder(EntitiesQuery)(MultiDict([(name, null)]))
    assert [violation.pointer for violation in refused.value.violations] == ["/" + name]


def test_takes_null_for_text_as_the_word() -> None:
    assert query_decoder(EntitiesQuery)(MultiDict([("type", "null")])).type == "null"


def test_leaves_out_what_was_not_given() -> None:
    query = query_decoder(EntitiesQuery)(MultiDict([("limit", "7")]))
    assert (query.limit, query.min_confidence, query.metadata) == (7, None, {})


@pytest.mark.parametrize("number", ["0", "0.5", "-1", "1700000000"])
def test_refuses_numbers_for_times(number: str) -> None:
    with pytest.raises(InvalidInput):
        query_decoder(EntitiesQuery)(MultiDict([("created_after", number)]))


@pytest.mark.parametrize(
    "time", ["2026-11-21T06:00:00Z", "2026-11-21T06:00:00.25+01:00", "2026-11-21t06:00:00z"]
)
def test_takes_times_as_they_are_written(time: str) -> None:
    created_after = query_decoder(EntitiesQuery)(MultiDict([("created_after", time)])).created_after
    assert created_after is not None
    assert created_after.day == 21
