"""Reads that no Core expression says plainly, confined to one user in one round trip like all others."""

from collections.abc import Sequence


def confined_sql(inner: str) -> str:
    """Wraps a select that names `tenant.user_id`; its own parameters begin at $2.

    It must end in LIMIT or OFFSET: that keeps the planner from moving it before the user is set.
    """
    return (
        "select rows.* from backend_operations.act_as($1) as tenant(user_id) "
        f"cross join lateral ({inner}) as rows"
    )


def vector_literal(vector: Sequence[float]) -> str:
    """A vector as pgvector reads it; nine digits hold every single-precision number."""
    return "[" + ",".join([f"{x:.9g}" for x in vector]) + "]"
