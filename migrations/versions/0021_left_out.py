"""What a document says and the declared schema keeps out of the graph is told with the item of its job."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ITEMS = "backend_extraction.job_items"


def upgrade() -> None:
    op.execute(f"alter table {ITEMS} add column left_out jsonb not null default '{{}}'")


def downgrade() -> None:
    op.execute(f"alter table {ITEMS} drop column left_out")
