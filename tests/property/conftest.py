"""How much the properties are tried: enough to find what matters, little enough to run with every change."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "billbridge", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("billbridge")
