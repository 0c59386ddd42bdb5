"""Names found despite typing errors, and passages indexed in the language they are written in."""

from migrations.steps import run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0016_name_search.sql")
    run("0016_languages.sql")
    run("0016_nearest_passages.sql")
    run("0016_passages_by_words.sql")


def downgrade() -> None:
    run("0016_drop_name_search.sql")
