"""Names found despite typing errors, and passages indexed in the language they are written in."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SQL = Path(__file__).with_name("sql")


def run(name: str) -> None:
    """Executes the statements of one file."""
    for statement in (SQL / name).read_text().split("\n----\n"):
        op.execute(statement)


def upgrade() -> None:
    run("0016_name_search.sql")
    run("0016_passages_by_words.sql")


def downgrade() -> None:
    run("0016_drop_name_search.sql")
