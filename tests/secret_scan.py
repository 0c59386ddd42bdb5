"""Finds passwords and keys that somebody is about to publish: `python -m tests.secret_scan`, in `make lint`.

detect-secrets looks at every file that git has or would add, without asking anybody over the network. What it
takes for a secret and is none stands in `.secrets-allowed`: the file, the digest of the text, and why.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError, run
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from detect_secrets.core.potential_secret import PotentialSecret

ROOT: Final = Path(__file__).parents[1]
ALLOWED: Final = ".secrets-allowed"
DETECTORS: Final = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "IbmCosHmacDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SoftlayerDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
RANDOM: Final[tuple[Mapping[str, object], ...]] = (
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "HexHighEntropyString", "limit": 3.0},
)
# What is assigned to a name like `password`, or stands in a URL before the host: too much among the passing
# accounts and servers of tests.
NAMED: Final[tuple[Mapping[str, object], ...]] = (
    {"name": "BasicAuthDetector"},
    {"name": "KeywordDetector", "keyword_exclude": ""},
)
TESTS: Final = ("tests/", "benchmarks/")
FILTERS: Final = (
    "heuristic.is_indirect_reference",
    "heuristic.is_likely_id_string",
    "heuristic.is_not_alphanumeric_string",
    "heuristic.is_potential_uuid",
    "heuristic.is_prefixed_with_dollar_sign",
    "heuristic.is_sequential_string",
    "heuristic.is_templated_secret",
)
# Digests of other people's packages, and other people's minified scripts.
SKIPPED: Final = ("requirements.lock", "requirements-dev.lock", "entrypoints/http/static/", ALLOWED)
# A constant that names something: `PASSWORD = "password"`. Plain words are left to ruff (S105).
NAME: Final = re.compile(r"[a-z_]+")
DIRECTORIES: Final = {"__pycache__", "node_modules", "var"}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What looks like a secret; never the text itself."""

    file: str
    line: int
    kind: str
    digest: str


def files(root: Path) -> list[str]:
    """What git has or would add; outside of a checkout everything that is not hidden."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        out = run(command, cwd=root, capture_output=True, check=True, text=True)  # noqa: S603 - git's own name
        listed = out.stdout.split("\0")
    except (CalledProcessError, FileNotFoundError):
        listed = [path.relative_to(root).as_posix() for path in visible(root)]
    return sorted(name for name in listed if name and (root / name).is_file())


def visible(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name[0] != "." and path.name not in DIRECTORIES:
            yield from visible(path)
        elif path.is_file():
            yield path


def scan(root: Path, names: Iterable[str]) -> list[Finding]:
    """Everything in these files that looks like a secret."""
    listed = [name for name in names if not name.startswith(SKIPPED)]
    tests = [name for name in listed if name.startswith(TESTS)]
    product = [name for name in listed if not name.startswith(TESTS)]
    plain = [{"name": name} for name in DETECTORS]
    return sorted(
        {*scanned(root, product, [*plain, *RANDOM, *NAMED]), *scanned(root, tests, [*plain, *RANDOM])}
    )


def scanned(root: Path, names: Iterable[str], plugins: list[Mapping[str, object]]) -> Iterator[Finding]:
    from detect_secrets.core.scan import scan_file  # noqa: PLC0415 - slow, and collecting tests needs none
    from detect_secrets.settings import transient_settings  # noqa: PLC0415 - as above

    filters = [{"path": f"detect_secrets.filters.{name}"} for name in FILTERS]
    with transient_settings({"plugins_used": plugins, "filters_used": filters}):
        for name in names:
            secret: PotentialSecret
            for secret in scan_file(str(root / name)):
                if secret.type == "Secret Keyword" and NAME.fullmatch(secret.secret_value or ""):
                    continue
                yield Finding(name, secret.line_number, secret.type, secret.secret_hash)


def allowed(root: Path) -> set[tuple[str, str]]:
    """File and digest of what was looked at by somebody. Raises `ValueError` for a line without a reason."""
    found = set()
    path = root / ALLOWED
    for line in path.read_text().splitlines() if path.exists() else ():
        if line and not line.startswith("#"):
            try:
                file, digest, _reason = line.split(maxsplit=2)
            except ValueError as error:
                raise ValueError(
                    f"{ALLOWED}: a line is a file, a digest and a reason, not {line!r}"
                ) from error
            found.add((file, digest))
    return found


def main(root: Path = ROOT) -> int:
    """Prints what is new; 1 when there is something, or when an allowance is for nothing any more."""
    known, found = allowed(root), scan(root, files(root))
    new = [each for each in found if (each.file, each.digest) not in known]
    stale = known - {(each.file, each.digest) for each in found}
    lines = [f"{each.file}:{each.line}: {each.kind} (digest {each.digest})" for each in new]
    lines += [f"{ALLOWED}: {file} holds no such text any more: {digest}" for file, digest in sorted(stale)]
    if new:
        lines.append(f"Take it out, and revoke it if it was real; if it is no secret, say why in {ALLOWED}.")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
