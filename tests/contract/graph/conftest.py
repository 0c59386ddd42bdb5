"""How long random sequences are, chosen on the command line before any test is collected."""

from hypothesis import HealthCheck, settings

QUICK = settings(
    max_examples=35,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
THOROUGH = "thorough"

settings.register_profile(
    THOROUGH, QUICK, max_examples=1500, stateful_step_count=60, derandomize=False, database=None
)
