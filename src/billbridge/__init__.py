"""Billbridge bills managed backup in HaloPSA."""

__version__ = "0.1.0"
