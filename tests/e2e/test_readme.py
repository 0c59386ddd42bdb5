"""The README's tour works as it is printed."""

import re
import subprocess
import sys

from tests.e2e.system import ROOT, System

# Not part of a script: they run until interrupted, or name files of the reader's own.
INTERACTIVE = ("kgl watch", "events/stream", "kgl ingest")
SETTLED = """
until curl -s "$API/documents?status=pending" -H "$AUTH" | grep -q '"data":\\[\\]'; do :; done
"""


def tour(system: System) -> str:
    """The blocks of the tour as one script that ends at the first failure."""
    readme = (ROOT / "README.md").read_text()
    section = readme.partition("## A tour with curl")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert len(blocks) >= 7
    script = SETTLED.join(blocks)
    for line in script.splitlines():
        if any(word in line for word in INTERACTIVE):
            script = script.replace(line + "\n", "")
    assert "THE PRINTED ONE" in script
    return (
        'set -eo pipefail\ncurl() { command curl --fail-with-body --max-time 60 "$@"; echo; }\n'
        + script.replace("http://127.0.0.1:8000", system.url)
        .replace("THE PRINTED ONE", system.told["demo"]["password"])
        .replace(".venv/bin/kgl", f"{sys.executable} -m entrypoints.cli")
    )


def test_the_tour_works_as_it_is_printed(system: System) -> None:
    done = subprocess.run(  # noqa: S603 - the README's own commands
        ["/bin/bash", "-c", tour(system)],
        cwd=ROOT,
        env=dict(system.environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in ("Radium Institute", '"start_offset"', '"nobel_prizes":2', '"symbol":"Ra"'):
        assert shown in done.stdout
