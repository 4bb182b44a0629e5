"""How tests run here: asserts in `support/` that say what they compared, both event loops, and Hypothesis's profiles.

`HYPOTHESIS_PROFILE` names a profile; without it, `CI=true` chooses `ci`, and everything else is `dev`. No
profile has a deadline: how long one example takes says more about the machine than about the code.

- `dev`: 50 examples, random, failures remembered in `.hypothesis/`.
- `ci`: 50 examples, the same ones for the same code, so that a red build is red when it is repeated.
- `deep`: 3,000 random examples, for a night or before a release.
"""

import gc
import os
import sys

import anyio
import pytest
import trio.testing
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("support")

# Hundreds of child processes import the packages, and would compile them each time where nobody may keep bytecode.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What is an error here is one in them: what they leave open, they say on stderr.
os.environ.setdefault("PYTHONWARNINGS", "error::ResourceWarning")


def pytest_collection_finish() -> None:
    """What is there before the first test stays: the garbage collector need not look at all of it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(params=["asyncio", "trio"])
def run(request):
    """Runs an async function: the test comes once for each event loop. What hangs fails after 20 seconds."""

    def run(function, *args):
        async def guarded():
            with anyio.fail_after(20):
                return await function(*args)

        return anyio.run(guarded, backend=request.param)

    return run


@pytest.fixture
def run_in_no_time():
    """Runs an async function on a clock that jumps to where something is to happen. It may wait for nothing outside."""

    def run(function, *args):
        clock = trio.testing.MockClock(autojump_threshold=0)
        return anyio.run(function, *args, backend="trio", backend_options={"clock": clock})

    return run


# Hypothesis starts from a profile of its own where it sees CI, and a new profile takes over what is in force.
settings.load_profile("default")
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True, database=None, print_blob=True)
settings.register_profile(
    "deep", deadline=None, max_examples=3_000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)


def profile_for(environment: dict[str, str]) -> str:
    """The profile that an environment asks for."""
    fallback = "ci" if environment.get("CI", "").lower() in ("1", "true") else "dev"
    return environment.get("HYPOTHESIS_PROFILE") or fallback


settings.load_profile(profile_for(dict(os.environ)))
