"""The other measure of P1: the same read by Quart and SQLAlchemy's ORM as their tutorials show it."""

import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import uvloop
from quart import Quart, request
from sqlalchemy import ARRAY, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.baselines.hello import main

url = make_url(sys.argv[2]).set(drivername="postgresql+asyncpg")
engine = create_async_engine(url, pool_size=10, max_overflow=0)
sessions = async_sessionmaker(engine)
app = Quart(__name__)


class Base(DeclarativeBase):
    pass


class Entity(Base):
    __tablename__ = "entities"
    __table_args__ = {"schema": "backend_entities"}  # noqa: RUF012  # SQLAlchemy's own form

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    type: Mapped[str]
    confidence: Mapped[float]
    source: Mapped[str | None]
    source_type: Mapped[str | None]
    entity_metadata: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_active: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


@app.get("/entities/<uuid:entity_id>")
async def entity(entity_id: UUID) -> tuple[dict[str, Any], int]:
    user_id = UUID(request.headers["X-User"])
    async with sessions() as session, session.begin():
        await session.execute(text("select set_config('app.user_id', :id, true)"), {"id": str(user_id)})
        found = await session.get(Entity, (user_id, entity_id))
        if found is None:
            return {"error": "not found"}, 404
        return {
            "id": str(found.id),
            "name": found.name,
            "type": found.type,
            "confidence": found.confidence,
            "source": found.source,
            "source_type": found.source_type,
            "metadata": found.entity_metadata,
            "aliases": found.aliases,
            "is_active": found.is_active,
            "version": found.version,
            "created_at": found.created_at.isoformat(),
            "updated_at": found.updated_at.isoformat(),
        }, 200


if __name__ == "__main__":
    uvloop.run(main(app, int(sys.argv[1])))
