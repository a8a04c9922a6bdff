"""MSP360's Managed Backup Service: a client for the parts of its API that billing needs, and the collection.

Reads only: the two PUTs among the calls (`/api/Billing` and `/api/Billing/Details`) are filters, not writes.
"""
