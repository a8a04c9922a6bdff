"""Short ways to say what a ledger holds in October 2026, and what a source shows."""

from dataclasses import replace
from datetime import date

from billbridge.billing.activations import Activation, Origin
from billbridge.billing.snapshot import Company, License, LicenseSnapshot, User

TODAY = date(2026, 10, 20)
ACME, BETA = Company(id="c1", name="Acme"), Company(id="c2", name="Beta")
ANN = User(id="u1", login="ann", company_name="Acme")


def october(day):
    return date(2026, 10, day)


def license_(**changes):
    paid = License(id="L1", type="Server", endpoint="PC-1", user_id="u1", user_login="ann", is_taken=True)
    return replace(paid, **changes)


def snapshot(*licenses, companies=(ACME, BETA), users=(ANN,), day=TODAY):
    return LicenseSnapshot(day=day, companies=companies, users=users, licenses=licenses)


def activation(first=1, last=None, *, endpoint="PC-1", company="c1", seen=None, **changes):
    made = Activation(
        company_id=company,
        user_id="u1",
        user_login="ann",
        endpoint=endpoint,
        license_type="Server",
        first_day=october(first),
        last_day=october(last) if last else None,
        last_seen=october(seen or last or 19),
    )
    return replace(made, **changes)


def history(first=1, last=None, **changes):
    """A row of a Usage History: `last` is the day on which the license was given back."""
    changes = {"given_back": last is not None, "origin": Origin.USAGE_HISTORY, "seen": 31, **changes}
    return activation(first, last, **changes)
