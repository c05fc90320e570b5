"""Altair without its checks: it holds every part of a chart against Vega-Lite's schema, several times, which takes
longer than the rest of a page. Tests draw all charts with the checks, so the server need not."""

from typing import Any

import altair as alt
from altair.utils import schemapi


def trust_charts() -> None:
    """Let altair write charts down as they are, in this process from now on."""
    schemapi.disable_debug_mode()
    schemapi.SchemaBase.validate = classmethod(_unchecked)


def _unchecked(kind: type[alt.SchemaBase], instance: Any, schema: Any = None) -> None:
    """Stands for `SchemaBase.validate`, which altair calls whatever its settings say."""
