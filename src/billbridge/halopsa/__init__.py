"""The HaloPSA client: how Billbridge speaks with HaloPSA's REST API.

Knows HTTP, HaloPSA's conventions and its values; knows neither Django nor the store, and decides nothing
about billing.
"""
