"""The settings of an installation as one TOML file: exporting, reading, comparing and applying it.

`document` holds the values, `read` makes them from a file and `write` makes a file from them. `current` loads the
settings in force, `settle` says what a file makes of them, `compare` what that changes, and `apply` does it.
Nothing about usage, bills or runs comes in here.
"""

from billbridge.operations.setup.apply import apply_setup, export_setup
from billbridge.operations.setup.compare import SettingChange, compare
from billbridge.operations.setup.current import current_setup
from billbridge.operations.setup.document import SetupDocument
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.instance import Instance
from billbridge.operations.setup.problems import SetupError
from billbridge.operations.setup.read import read_setup

__all__ = [
    "Installed",
    "Instance",
    "SettingChange",
    "SetupDocument",
    "SetupError",
    "apply_setup",
    "compare",
    "current_setup",
    "export_setup",
    "read_setup",
]
