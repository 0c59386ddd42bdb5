"""How a target is printed: its ratio or figure, the parts it was made of, and whether it holds."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`figure` is measured against `bound`; `at_most` says on which side of it is well."""

    target: str
    what: str
    figure: float
    bound: float
    at_most: bool = False
    unit: str = "x"
    parts: Mapping[str, float | str]

    @property
    def holds(self) -> bool:
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound


def show(finding: Finding) -> None:
    """One target in one block."""
    sign = "<=" if finding.at_most else ">="
    verdict = "holds" if finding.holds else "MISSED"
    print(f"\n{finding.target:4} {finding.what}")
    print(f"     {finding.figure:.3g} {finding.unit} (target {sign} {finding.bound:g}): {verdict}")
    for name, value in finding.parts.items():
        shown = f"{value:,.1f}" if isinstance(value, float) else str(value)
        print(f"       {name:<58} {shown:>14}")


def as_json(findings: list[Finding]) -> str:
    """All findings for a program."""
    return json.dumps([{**asdict(f), "holds": f.holds} for f in findings], indent=2)
