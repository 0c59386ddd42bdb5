"""What a merge changed is noted down more quickly; names keep what they are compared by."""

from migrations.steps import confine, grant, run

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run("0019_merge_speed.sql")
    run("0019_name_blocks.sql")
    confine("backend_entities.entity_blocks")
    grant("select", "backend_entities.entity_blocks")


def downgrade() -> None:
    run("0019_drop_name_blocks.sql")
    run("0019_drop_merge_speed.sql")
