"""What the tests' thresholds cost, measured on generated companies by experiments/emergence_calibration.py.

`python -m voc.experiments.emergence_calibration --companies 8`, with a budget of one alert in 30 days, on companies in
which nothing emerges (synthetic): 0.3 to 1.4 alerts in 30 days, 0.9 on average over the 18 kinds. 0.4 / 0.9 / 1.1 / 1.1
with 10 / 45 / 120 / 300 groups, 0.5 / 1.4 / 0.9 at a dispersion of 1 / 2 / 3, 1.2 where levels wander, where all themes
are large, or with everything at once. The constants were chosen on other companies, some of the same kinds.
"""

SCAN_COST = 1.0
"""Alerts a group and day that the scan over windows opens by chance, over the p-value it is cut at."""
CUSUM_COST = 0.5
"""The same of the CUSUM, whose nominal p-value is exp(-S)."""
SCAN_SHARE = 0.9
"""Part of the budget that the scan spends; the CUSUM has the rest."""
