"""A workspace whose scoring runs are disturbed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from voc.data.workspace import Workspace


@pytest.fixture(scope="session")
def unscored(exported_with: Callable[[str], Path]) -> Workspace:
    """The tiny company with an int8 export and many small commits before it; not to be changed."""
    return Workspace.open(exported_with("commit_contacts = 45\nread_contacts = 15\nshard_contacts = 15"))
