"""The command line: for scripts and for installations without the web console; it calls the operations."""

from billbridge.cli.app import main

__all__ = ["main"]
