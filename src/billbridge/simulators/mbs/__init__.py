"""A simulator of the MBS API, the provider's view of managed backup: companies, users, licenses, storage money.

It answers as of the world's day and is written from the vendor's documents and from what public clients met;
whatever those leave open is a switch.
"""

from billbridge.simulators.mbs.app import LOGIN, PASSWORD, MBSSimulator
from billbridge.simulators.mbs.switches import Switches

__all__ = ["LOGIN", "PASSWORD", "MBSSimulator", "Switches"]
