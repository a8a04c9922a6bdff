"""How much the properties are tried: enough to find what matters, little enough to run with every change.

The examples are the same in every run, so that a change is judged by what it changed; searching on with new ones
is for a longer run.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "billbridge",
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("billbridge")
