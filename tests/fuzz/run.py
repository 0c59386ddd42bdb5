"""One run of schemathesis against a running server: every operation, valid and invalid, and what it found."""

from collections.abc import Callable
from typing import Any, Final

import schemathesis
from schemathesis import AuthContext, BaseSchema, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import AllowHeaderMismatch, UnsupportedMethodResponse

from tests.e2e.api.client import Contract
from tests.fuzz import checks
from tests.fuzz.checks import AnyCase
from tests.fuzz.people import Namer, Person
from tests.fuzz.report import Report

# Not `positive_data_acceptance`: the domain has rules no schema can say (a cursor is ours, a source exists).
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    checks.refusals_are_problems.__name__,
)
# These end the account or session they are called with: each call gets an account of its own.
FATAL: Final = {"POST /api/v1/auth/logout", "DELETE /api/v1/auth/me", "POST /api/v1/auth/me/password"}
EVERY_PHASE: Final = frozenset({"examples", "coverage", "fuzzing", "stateful"})


def configuration(url: str, seed: int, examples: int, phases: frozenset[str]) -> SchemathesisConfig:
    """How schemathesis asks: every kind of value, nothing remembered from one run to the next."""
    names = sorted(EVERY_PHASE)
    return SchemathesisConfig.from_dict(
        {
            "base-url": url,
            "seed": seed,
            "cache": {"enabled": False},
            "continue-on-failure": True,
            "request-timeout": 30,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
            "checks": {
                "enabled": False,
                **{name: {"enabled": True} for name in CHECKS},
                "negative_data_rejection": {"enabled": True, "expected-statuses": ["4xx"]},
            },
            "phases": {name: {"enabled": name in phases} for name in names},
            # A stream ends for us when nothing has come for a while. Its beginning may take as long as any
            # other answer: asked again after 1, 2, 4, 8 and 10 seconds.
            "operations": [{"include-path-regex": "/stream$", "request-timeout": 1, "request-retries": 5}],
        }
    )


def fuzz(
    url: str,
    contract: Contract,
    person: Person,
    *,
    seed: int,
    examples: int,
    phases: frozenset[str] = EVERY_PHASE,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Asks everything as this person: `examples` invented requests an operation, and those of the phases."""
    config = configuration(url, seed, examples, phases)
    schema = schemathesis.openapi.from_dict(dict(contract.document), config=config)
    authenticate(schema, person)
    name_what_there_is(schema, Namer(person, contract))
    share_addresses(schema, contract)
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            report.add(event.recorder)
            progress(f"{event.phase.value} {event.label}: {report.total()} cases")
        elif isinstance(event, events.NonFatalError):
            report.errors.append(f"{event.label}: {event.info.title}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return report


def authenticate(schema: BaseSchema, person: Person) -> None:
    """Each request brings a token that is good, unless it is the token that is wrong about it."""

    @schema.auth(refresh_interval=None)
    class Token:
        def get(self, case: AnyCase, context: AuthContext) -> str:
            fatal = context.operation.label in FATAL
            return person.throw_away_token() if fatal else person.token()

        def set(self, case: AnyCase, data: str, context: AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    def after_call(context: HookContext, case: AnyCase, response: schemathesis.Response) -> None:
        sent = response.request.headers.get("Authorization")
        if response.status_code == 401 and sent == f"Bearer {person.token()}":
            person.come_back()

    schema.hook(after_call)


def name_what_there_is(schema: BaseSchema, namer: Namer) -> None:
    """Has requests name things that exist, so that not everything is not found."""

    def map_path_parameters(context: HookContext, path_parameters: Any) -> Any:
        return namer.named(path_parameters)

    def map_query(context: HookContext, query: Any) -> Any:
        return namer.named(query)

    def map_body(context: HookContext, body: Any) -> Any:
        return namer.named(body)

    for hook in (map_path_parameters, map_query, map_body):
        schema.hook(hook)


def share_addresses(schema: BaseSchema, contract: Contract) -> None:
    """`/documents/upload` is an address of `/documents/{document_id}`, too, and has its methods; what is too
    long is refused before anybody looks at its method."""

    def filter_failure(context: HookContext, failure: Failure, case: AnyCase, response: Any) -> bool:
        methods = {method.upper() for method in contract.document["paths"][case.path]}
        shared = contract.methods(case.path) > methods
        unread = response.status_code in (414, 431)
        return not (
            (shared or unread) and isinstance(failure, UnsupportedMethodResponse | AllowHeaderMismatch)
        )

    schema.hook(filter_failure)
