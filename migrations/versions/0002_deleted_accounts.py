"""Deleted accounts by time: a process that starts asks whose access tokens it must refuse."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "create index events_deleted_accounts_idx on backend_operations.events (occurred_at) "
        "where type = 'user.deleted'"
    )


def downgrade() -> None:
    op.execute("drop index backend_operations.events_deleted_accounts_idx")
