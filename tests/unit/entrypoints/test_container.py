"""Every provider can be made, is made of what its class asks for, and is of use to some entrypoint."""

import ast
import inspect
import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

import entrypoints
from adapters.postgres.engine import Database, PoolSettings
from adapters.security.passwords import BcryptPasswordHasher
from application.graph.list_relationships_of_entity import ListRelationshipsOfEntity
from application.identity.queries import AccountQueries
from entrypoints.container import Container
from entrypoints.settings import Settings

NAMES = sorted(Container.providers)


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    """Over a database that is never opened."""
    database = Database("postgresql://nobody@127.0.0.1:1/nothing", PoolSettings())
    with closing(BcryptPasswordHasher(cost=4)) as hasher:
        yield Container(
            settings=Settings(jwt_secret="s" * 32), database=database, wake=lambda: None, hasher=hasher
        )


def every_provider(container: Container) -> list[providers.Provider[Any]]:
    """The named ones and those inside of them."""
    return [*container.traverse()]


def test_no_provider_is_asynchronous(container: Container) -> None:
    found = every_provider(container)
    assert len(found) > len(NAMES), "the nested ones are looked at, too"
    for provider in found:
        assert not provider.is_async_mode_enabled(), provider
        assert not isinstance(provider, providers.Resource | providers.Coroutine), provider


@pytest.mark.parametrize("name", NAMES)
def test_makes_what_it_promises(name: str, container: Container) -> None:
    provider = getattr(container, name)
    made = provider()
    assert made is not None
    assert not inspect.isawaitable(made)
    assert made is provider(), "one of each in a process"


def fits(value: object, hint: object) -> bool:
    """Whether a value can be what a parameter asks for; what cannot be told from here passes."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return any(fits(value, option) for option in typing.get_args(hint))
    kind = typing.get_origin(hint) or hint
    if kind is float:
        kind = (int, float)
    if kind is Sequence:
        kind = (list, tuple)
    if (
        isinstance(kind, type)
        and getattr(kind, "_is_protocol", False)
        and kind.__module__ != "collections.abc"
    ):
        return kind in type(value).__mro__ or all(hasattr(value, name) for name in members(kind))
    return isinstance(value, kind) if isinstance(kind, type | tuple) else True


def members(protocol: type) -> set[str]:
    """What a protocol asks for, with what its bases do."""
    named = {name for base in protocol.__mro__ if base is not object for name in vars(base)}
    return {name for name in named if name == "__call__" or not name.startswith("_")}


def test_every_class_is_given_what_its_parameters_name(container: Container) -> None:
    """mypy does not look into providers: swapped arguments would show at the first request only."""
    looked_at = 0
    for provider in every_provider(container):
        if not isinstance(provider, providers.Singleton) or not inspect.isclass(provider.provides):
            continue
        wanted = typing.get_type_hints(provider.provides.__init__)
        if not wanted:
            continue
        signature = inspect.signature(provider.provides)
        given = signature.bind(
            *map(value_of, provider.args), **{n: value_of(v) for n, v in provider.kwargs.items()}
        )
        for parameter, value in given.arguments.items():
            if parameter in wanted:
                assert fits(value, wanted[parameter]), (provider.provides, parameter, value)
                looked_at += 1
    assert looked_at > 80


def test_the_guard_notices_swapped_arguments(container: Container) -> None:
    hints = typing.get_type_hints(ListRelationshipsOfEntity.__init__)
    swapped = {"entities": container.relationship_queries(), "relationships": container.entity_queries()}
    assert set(swapped) <= set(hints)
    assert not any(fits(value, hints[name]) for name, value in swapped.items())
    assert not fits(container.clock(), AccountQueries)
    assert not fits("text", Sequence[str])


def value_of(argument: object) -> object:
    return argument() if isinstance(argument, providers.Provider) else argument


def test_every_provider_leads_to_an_entrypoint(container: Container) -> None:
    """What no entrypoint asks for, and nothing it asks for is made of, is dead wiring."""
    asked = set(names_asked_for())
    assert asked <= set(NAMES)
    reached: set[int] = set()
    for name in asked:
        provider = getattr(container, name)
        reached |= {id(provider), *(id(part) for part in provider.traverse())}
    assert [name for name in NAMES if id(getattr(container, name)) not in reached] == []


def names_asked_for() -> Iterator[str]:
    """`container.NAME()` anywhere in the entrypoints."""
    for path in Path(entrypoints.__path__[0]).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "container." in text else ():
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "container"
            ):
                yield node.func.attr
