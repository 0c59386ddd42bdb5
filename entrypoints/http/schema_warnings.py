"""What a write broke of a schema that warns, in the reply that says the write succeeded."""

from collections.abc import Mapping, Sequence

from application.graph.write_bulk import RowProblem
from domain.shared.errors import Violation


def warnings_of(warned: Sequence[Violation | RowProblem]) -> Mapping[str, object]:
    """`meta.warnings`, where there are any."""
    if not warned:
        return {}
    return {"warnings": [{"pointer": v.pointer, "code": v.code, "detail": v.detail} for v in warned]}
