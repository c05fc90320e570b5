"""What the tests' thresholds cost, measured on generated companies by experiments/emergence_calibration.py.

`python -m voc.experiments.emergence_calibration --companies 4`, with a budget of one alert in 30 days, on companies in
which nothing emerges (synthetic): 0.2 to 1.2 alerts in 30 days, 0.7 on average over the 18 kinds. 0.2 / 0.7 / 1.0 / 0.7
with 10 / 45 / 120 / 300 groups, 0.4 / 0.8 / 0.6 at a dispersion of 1 / 2 / 3, 1.1 where levels wander, 1.2 where all
themes are small.
"""

SCAN_COST = 2.3
"""Alerts a group and day that the scan over windows opens by chance, over the p-value it is cut at."""
CUSUM_COST = 0.5
"""The same of the CUSUM, whose nominal p-value is exp(-S)."""
SCAN_SHARE = 0.9
"""Part of the budget that the scan spends; the CUSUM has the rest."""
