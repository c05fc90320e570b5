"""Emergence: which themes, reasons and slices rise, with a stated number of false alerts a month."""
