"""The record of every migration applied or rolled back, kept outside the history so that it survives it."""

import hashlib
from pathlib import Path

from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

# Any number will do as long as nothing else in the database locks it: "kgl" in ASCII.
MIGRATION_LOCK = 0x6B676C

LEDGER = """
create schema if not exists backend_operations;
create table if not exists backend_operations.database_schemas (
    id bigint generated always as identity primary key,
    version text not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp(),
    applied_by text not null default session_user,
    is_rollback boolean not null
);
"""


def checksum(path: Path) -> str:
    """SHA-256 of a migration and its files of SQL, as hex: tells when one was edited after it ran."""
    digest = hashlib.sha256(path.read_bytes())
    for part in sorted((path.parent / "sql").glob(f"{path.name[:4]}_*.sql")):
        digest.update(part.read_bytes())
    return digest.hexdigest()


def open_ledger(connection: Connection) -> None:
    """Creates the ledger where it is missing."""
    for statement in LEDGER.strip().split(";\n"):
        connection.execute(text(statement))


def record(context: MigrationContext, step: MigrationInfo) -> None:
    """Writes one row for a migration, in the transaction that applies it."""
    script = ScriptDirectory.from_config(context.config) if context.config else None
    revision = script.get_revision(step.up_revision_id) if script and step.up_revision_id else None
    if revision is None or context.connection is None:
        raise RuntimeError("a migration ran without a revision or a connection")
    context.connection.execute(
        text(
            "insert into backend_operations.database_schemas (version, name, checksum, is_rollback) "
            "values (:version, :name, :checksum, :is_rollback)"
        ),
        {
            "version": revision.revision,
            "name": revision.doc,
            "checksum": checksum(Path(revision.path)),
            "is_rollback": not step.is_upgrade,
        },
    )
