"""A HaloPSA tenant as a billing integration meets it: the API, its quirks, and the customer's Subscriptions tab.

Written from HaloPSA's documents and from what public integrations report; it shares no code with any client.
"""

from billbridge.simulators.halopsa.app import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator
from billbridge.simulators.halopsa.switches import Switches

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "TENANT", "HaloPSASimulator", "Switches"]
