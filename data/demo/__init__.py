"""The demo company "Zvono": contacts in five written forms, all invented, with known truth."""

from voc.data.demo.company import settings_toml, taxonomy_toml
from voc.data.demo.generate import DemoCounts, generate

__all__ = ["DemoCounts", "generate", "settings_toml", "taxonomy_toml"]
