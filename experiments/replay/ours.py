"""Our detector as the replay sees it; its level is the budget of false alerts a month."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from voc.config import EmergenceSettings
from voc.experiments.replay.alerts import Raised
from voc.inference.emergence.alerts import ThemeStatus
from voc.inference.emergence.detect import detect
from voc.inference.emergence.series import Series


@dataclass(frozen=True)
class Emergence:
    """`detect` with one budget after the other; few, since each takes its time."""

    settings: EmergenceSettings = field(default_factory=EmergenceSettings)
    levels: tuple[float, ...] = (0.4, 1.0, 2.5)
    name: str = "ours"

    @property
    def default(self) -> float:
        """The budget that the settings say."""
        return self.settings.false_alerts_per_month

    def raised(self, series: Series, levels: Sequence[float]) -> list[Raised]:
        """Alerts at each budget."""
        return [self._raised(series, level) for level in levels]

    def _raised(self, series: Series, level: float) -> Raised:
        found = detect(series, self.settings.model_copy(update={"false_alerts_per_month": level}))
        opened = np.zeros(series.customers.shape, dtype=np.bool_)
        named = opened.copy()
        tests = {}
        for alert in found.alerts:
            opened[alert.row, alert.first_day] = True
            lives = slice(alert.first_day, None if alert.last_day is None else alert.last_day + 1)
            named[alert.row, lives] = found.status[alert.row, lives] == ThemeStatus.NEW
            tests[alert.row, alert.first_day] = str(alert.test)
        return Raised(opened, named, tests)
