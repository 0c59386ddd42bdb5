"""Reads and changes what a user decided about their graph."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from application.shared.ports import Clock, StartWork, UnitOfWork
from application.shared.principal import Principal
from domain.graph.settings import GraphSettings, checked, settings_changed
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettingsView:
    """`auto_merge_threshold` is null when nothing is merged without being asked; `updated_at` while nothing
    was ever set."""

    auto_merge_threshold: float | None
    updated_at: datetime | None


def settings_view(settings: GraphSettings) -> GraphSettingsView:
    return GraphSettingsView(
        auto_merge_threshold=settings.auto_merge_threshold, updated_at=settings.updated_at
    )


class GraphSettingsRepository(Protocol):
    """The settings of the unit of work's user."""

    async def get(self, user_id: UserId) -> GraphSettings:
        """What was set; the defaults where nothing was."""
        ...

    async def put(self, settings: GraphSettings) -> None:
        """Stores them. Raises `AccountGone`."""
        ...


class GraphSettingsUnitOfWork(UnitOfWork, Protocol):
    """One transaction over one user's settings."""

    @property
    def graph_settings(self) -> GraphSettingsRepository: ...


class GraphSettingsQueries(Protocol):
    """Reads settings outside any unit of work."""

    async def get(self, user_id: UserId) -> GraphSettings:
        """What was set; the defaults where nothing was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGraphSettingsCommand:
    principal: Principal
    auto_merge_threshold: float | None


class SetGraphSettings:
    """Raises `InvalidInput`. Setting what is set already is no change."""

    def __init__(self, start_work: StartWork[GraphSettingsUnitOfWork], clock: Clock) -> None:
        self._start_work = start_work
        self._clock = clock

    async def __call__(self, command: SetGraphSettingsCommand) -> GraphSettingsView:
        now, threshold = self._clock.now(), command.auto_merge_threshold
        async with self._start_work(command.principal) as work:
            before = await work.graph_settings.get(command.principal.user_id)
            wanted = checked(replace(before, auto_merge_threshold=threshold, updated_at=now))
            if before.updated_at is not None and before.auto_merge_threshold == threshold:
                return settings_view(before)
            await work.graph_settings.put(wanted)
            work.record(settings_changed(wanted, now))
            await work.commit()
        return settings_view(wanted)
