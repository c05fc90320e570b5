"""What the tests' thresholds cost, measured on generated companies by experiments/emergence_calibration.py.

With a budget of one alert in 30 days, on 58 generated companies of 12 kinds (synthetic; half a year each, their spikes'
days left out): 0.9 alerts in 30 days on average over the kinds. 0.4 / 0.8 with 10 / 120 groups, 0.6 / 1.0 at a
dispersion of 1 / 2, 1.2 where each group has a trend of its own or all themes are large, 1.5 where levels wander. The
constants were chosen on these same companies. `python -m voc.experiments.emergence_calibration` measures others.
"""

SCAN_COST = 1.0
"""Alerts a group and day that the scan over windows opens by chance, over the p-value it is cut at."""
CUSUM_COST = 0.5
"""The same of the CUSUM, whose nominal p-value is exp(-S)."""
SCAN_SHARE = 0.9
"""Part of the budget that the scan spends; the CUSUM has the rest."""
