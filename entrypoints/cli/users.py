"""`kgl users`: accounts and roles in the database itself: the first administrator has no one to ask."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from entrypoints.cli.console import AsJson, DataDir, output, password, print_json, print_table, run_async
from entrypoints.cli.console import settings as read
from entrypoints.cli.errors import USAGE, CommandError

if TYPE_CHECKING:
    from application.identity.queries import UserView
    from application.shared.principal import Trace
    from domain.identity.user import User
    from entrypoints.container import Container
    from entrypoints.settings import Settings

Result = TypeVar("Result")
Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
RoleName = Annotated[str, typer.Option("--role", help="user, moderator or admin.")]

app = typer.Typer(
    no_args_is_help=True, help="Accounts and roles (needs DATABASE_URL or the embedded server)."
)


@app.command("create")
def create(
    email: Email,
    role: RoleName = "user",
    first_name: str | None = None,
    last_name: str | None = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Open an account. The password comes from a prompt, KGL_PASSWORD or standard input."""
    from application.identity.register_user import RegisterUserCommand
    from domain.identity.user import Registration
    from domain.shared.roles import Role

    wanted = Role(checked_role(role))
    secret = password(confirm=True)

    async def work(container: "Container") -> "UserView":
        return await container.register_user()(
            RegisterUserCommand(
                trace=trace(),
                registration=Registration(email=email, first_name=first_name, last_name=last_name),
                password=secret,
                role=wanted,
            )
        )

    report(run(work, data_dir), as_json)


@app.command("list")
def show_all(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List every account."""

    async def work(container: "Container") -> "list[UserView]":
        from application.identity.queries import user_view
        from application.shared.pages import PageRequest

        found: list[UserView] = []
        page = PageRequest(sort="created_at", descending=False, limit=200, after=None)
        while True:
            rows = await container.accounts().accounts(page)
            found += [user_view(row) for row in rows.rows]
            if rows.next is None:
                return found
            page = PageRequest(sort="created_at", descending=False, limit=200, after=rows.next)

    users = run(work, data_dir)
    if as_json:
        print_json([asdict(user) for user in users])
        return
    print_table(
        ("email", "role", "active", "since", "id"),
        [
            (
                user.email,
                user.role.value,
                "yes" if user.is_active else "no",
                str(user.created_at)[:19],
                user.id,
            )
            for user in users
        ],
    )


@app.command("set-role")
def set_role(
    email: Email,
    role: Annotated[str, typer.Argument(help="user, moderator or admin.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Give an account a role; its sessions end with the old one."""
    from application.identity.set_user_role import SetUserRoleCommand
    from domain.shared.roles import Role

    wanted = Role(checked_role(role))

    async def work(container: "Container") -> "UserView":
        user = await account(container, email)
        return await container.set_user_role()(
            SetUserRoleCommand(trace=trace(), user_id=user.id, role=wanted)
        )

    report(run(work, data_dir), as_json)


@app.command("deactivate")
def deactivate(
    email: Email,
    undo: Annotated[bool, typer.Option("--undo", help="Open the account again.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Close an account and end its sessions; its data stays."""
    from application.identity.set_user_active import SetUserActiveCommand

    async def work(container: "Container") -> "UserView":
        user = await account(container, email)
        return await container.set_user_active()(
            SetUserActiveCommand(trace=trace(), user_id=user.id, active=undo)
        )

    report(run(work, data_dir), as_json)


def run(work: "Callable[[Container], Awaitable[Result]]", data_dir: str | None) -> Result:
    """Runs work on the database, migrated if it is the embedded one."""
    from entrypoints.cli.database import open_database, prepare, with_kept_key

    settings = read({"DATA_DIR": data_dir})

    async def main() -> Result:
        if urls.admin:
            await prepare(urls)
        async with opened(urls.runtime, with_kept_key(settings)) as container:
            return await work(container)

    with open_database(settings) as urls:
        return run_async(main())


@asynccontextmanager
async def opened(runtime_url: str, settings: "Settings") -> "AsyncIterator[Container]":
    """The parts of the application, on an open database."""
    from adapters.postgres.engine import Database, PoolSettings
    from adapters.security.passwords import BcryptPasswordHasher
    from entrypoints.container import Container

    hasher = BcryptPasswordHasher(cost=settings.bcrypt_cost)
    try:
        async with Database(runtime_url, PoolSettings(max_size=2)) as database:
            yield Container(settings=settings, database=database, wake=lambda: None, hasher=hasher)
    finally:
        hasher.close()


async def account(container: "Container", email: str) -> "User":
    """The account of an address, however it is spelled."""
    found = await container.accounts().credentials(email.strip().lower())
    if found is None:
        raise CommandError(f"there is no account {email}")
    return found.user


def trace() -> "Trace":
    """What the audit log tells of a change made here."""
    from uuid import uuid4

    from application.shared.principal import Trace

    return Trace(request_id=f"cli-{uuid4()}")


def checked_role(role: str) -> str:
    """Raises `CommandError` for what is no role."""
    from domain.shared.roles import Role

    names = [each.value for each in Role]
    if role not in names:
        raise CommandError(f"{role} is no role: {', '.join(names)}", USAGE)
    return role


def report(user: "UserView", as_json: bool) -> None:
    """The account as it is now."""
    if as_json:
        print_json(asdict(user))
    else:
        closed = "" if user.is_active else ", closed"
        output().print(f"{user.email} ({user.role.value}{closed}) {user.id}", markup=False)
