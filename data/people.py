"""Who does something: the name that is kept with every decision."""

import getpass
import os

USER_VARIABLE = "VOC_USER"
"""Environment variable with the name; without it that of the system's user."""
_UNKNOWN = "unknown"


def user_name() -> str:
    """Name of who is at work, on one line; `unknown` where the system has no name for him."""
    named = " ".join(os.environ.get(USER_VARIABLE, "").split())
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return _UNKNOWN
