"""What can be told about dependencies without a network; `make audit` asks the advisory database."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[3]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def entries(lock: str) -> list[str]:
    """Each package with its hashes."""
    text = (ROOT / lock).read_text()
    return [entry for entry in re.split(r"\n(?=\S)", text.strip()) if entry[:1] != "#"]


def requirements(lock: str) -> list[Requirement]:
    return [Requirement(entry.partition("\\")[0].strip()) for entry in entries(lock)]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_to_one_final_release_with_its_digests(lock: str) -> None:
    for entry, requirement in zip(entries(lock), requirements(lock), strict=True):
        [pin] = requirement.specifier
        assert pin.operator == "=="
        assert not pin.version.endswith("*")
        assert not Version(pin.version).is_prerelease, requirement
        assert requirement.url is None
        digests = re.findall(r"--hash=(\S+)", entry)
        assert digests
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in digests), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_points_to_an_index_an_address_or_a_file(lock: str) -> None:
    for line in (ROOT / lock).read_text().splitlines():
        option = line.strip().removesuffix("\\").strip()
        assert not option.startswith("-") or option.startswith("--hash="), line
        assert "://" not in line
        assert " @ " not in line


@pytest.mark.parametrize("lock", LOCKS)
def test_a_package_is_pinned_once_for_each_environment(lock: str) -> None:
    seen = [(canonicalize_name(each.name), str(each.marker)) for each in requirements(lock)]
    assert len(seen) == len(set(seen))


def test_what_is_installed_is_what_is_locked() -> None:
    """Tests that run on other versions than the lock's say nothing about what is shipped."""
    wrong = {}
    for requirement in requirements("requirements-dev.lock"):
        if requirement.marker is None or requirement.marker.evaluate():
            [pin] = requirement.specifier
            try:
                installed = version(requirement.name)
            except PackageNotFoundError:
                installed = "missing"
            if installed != pin.version:
                wrong[requirement.name] = f"locked {pin.version}, installed {installed}"
    assert wrong == {}
