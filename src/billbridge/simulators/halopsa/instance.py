"""What the tenant says about itself: where its authorisation server is, its version, its settings, its agent."""

from __future__ import annotations

from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.resources import RESOURCES
from billbridge.simulators.halopsa.switches import Switches
from billbridge.simulators.server import Response


def describe(which: str, base: str, tenant: str, switches: Switches) -> Response:
    """/api/authinfo or /api/InstanceInfo, for which nobody needs a token; `base` is the address asked."""
    auth: dict[str, object] = {"auth_url": f"{base}/auth"}
    if switches.authinfo_has_tenant:
        auth["tenant_id"] = tenant
    if which == "authinfo":
        return Response.json(auth)
    return Response.json(
        {
            "app_name": "Halo PSA", "app_version": "2.236.133", "database_version": "2.236.133",
            "agent_url": base, "portal_url": f"{base}/portal", "hosted_group": "simulated", "dbid": 1, **auth,
        }
    )  # fmt: skip


def control() -> Response:
    """/api/Control: the settings that touch subscriptions and invoices."""
    return Response.json(
        {
            "default_use_linked_subscription_price": True, "default_use_linked_subscription_cost": True,
            "use_subscription_status_for_invoice_line_status": False, "createproratanormallines": False,
            "createproratainvoicesautomatically": False, "prorata_periods_ahead": 0,
            "allow_negative_prorata": False, "decimalplacesforinvoices": 2, "autocreaterecurringinvoices": False,
        }
    )  # fmt: skip


def agent(context: Context) -> Response:
    """/api/Agent/me: the agent behind the application, with its claims."""
    row = next(iter(context.tables["Agent"].rows.values()))
    shown = RESOURCES["agent"].show(context, row, detail=True)
    levels = [
        {"type": f"{module}_access_level", "value": level}
        for module, level in context.switches.agent_access.items()
    ]
    return Response.json({**shown, "claims": levels})
