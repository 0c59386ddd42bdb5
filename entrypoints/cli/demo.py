"""`kgl demo`: the login that the first `kgl up` made."""

from entrypoints.cli.console import AsJson, DataDir, output, print_json
from entrypoints.cli.errors import CommandError


def command(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show the demo account's login."""
    from entrypoints.cli.console import settings
    from entrypoints.cli.data_directory import DataDirectory

    data = DataDirectory(settings({"DATA_DIR": data_dir}).data_path)
    account = data.demo()
    if account is None:
        raise CommandError(f"there is no demo account in {data.path}: the first `kgl up` makes it")
    if as_json:
        print_json({"email": account.email, "password": account.password, "url": account.url})
        return
    console = output()
    console.print(f"login     {account.email}\npassword  {account.password}\nAPI       {account.url}/api/v1")
