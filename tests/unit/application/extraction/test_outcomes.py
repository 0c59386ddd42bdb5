"""What people are told when an extraction fails, and about the providers behind it."""

from collections.abc import Sequence

from application.extraction.describe_providers import DescribeProviders
from application.extraction.outcomes import explained, is_hopeless
from application.shared.messages import Rejected
from domain.shared.errors import InvalidInput, Unavailable
from tests.contract.extraction.library import ToyEmbedder, ToyExtractor


class DeadEmbedder(ToyEmbedder):
    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        raise Unavailable


def test_tells_refusals_and_hides_the_rest() -> None:
    assert explained(Unavailable("the model does not answer")) == "the model does not answer"
    assert explained(Rejected("cannot be read")) == "cannot be read"
    assert explained(KeyError("password")) == "the extraction failed unexpectedly (KeyError)"
    assert explained(Rejected("a\x00\ud800" + "b" * 600)) == "a?" + "b" * 498


def test_knows_what_no_retry_can_help() -> None:
    assert is_hopeless(Rejected())
    assert is_hopeless(InvalidInput([]))
    assert not is_hopeless(Unavailable())
    assert not is_hopeless(ValueError())


async def test_a_provider_that_does_not_answer_is_shown_as_such() -> None:
    broken = ToyExtractor("broken")
    broken.failures = [Unavailable()]
    extractors = {"toy": ToyExtractor(), "broken": broken}
    shown = await DescribeProviders(extractors, DeadEmbedder(), default_extractor="toy")()
    assert [(p.kind, p.name, p.is_default, p.reachable) for p in shown] == [
        ("extractor", "toy", True, True),
        ("extractor", "broken", False, False),
        ("embedder", "toy-embedder", True, False),
    ]
