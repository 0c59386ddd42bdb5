"""What a run has asked, how it was answered, and what was wrong with that."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemathesis.engine import Status
from schemathesis.engine.recorder import ScenarioRecorder


@dataclass(slots=True)
class Report:
    """Requests and answers by operation; of each kind of failure one, with the command that repeats it."""

    asked: Counter[str] = field(default_factory=Counter)
    answered: dict[str, Counter[int]] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def total(self) -> int:
        """The number of requests that were sent."""
        return self.asked.total()

    def add(self, recorder: ScenarioRecorder) -> None:
        """The cases of one scenario."""
        labels = {case_id: node.value.operation.label for case_id, node in recorder.cases.items()}
        for case_id, interaction in recorder.interactions.items():
            label = labels.get(case_id, recorder.label)
            self.asked[label] += 1
            if interaction.response is not None:
                self.answered.setdefault(label, Counter())[interaction.response.status_code] += 1
        for case_id, results in recorder.checks.items():
            for result in results:
                if result.status == Status.FAILURE and result.failure_info is not None:
                    failure = result.failure_info.failure
                    said = f"{failure.title}: {failure.message}\n{result.failure_info.code_sample}"
                    kind = f"{failure.title} {failure.message[:60]}"
                    self.failures.setdefault((labels.get(case_id, recorder.label), kind), said)

    def wrong(self) -> list[str]:
        """Everything that was wrong, in words."""
        found = [f"{label}\n{said}" for (label, _), said in sorted(self.failures.items())]
        return [*self.errors, *found]

    def lines(self) -> Iterator[str]:
        """Requests by operation and status."""
        for label, count in sorted(self.asked.items()):
            statuses = sorted(self.answered.get(label, Counter()).items())
            yield f"{count:6} {label}  " + " ".join(f"{status}:{times}" for status, times in statuses)
        yield f"{self.total():6} in all"
