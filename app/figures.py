"""Figures alone: the marts for somebody who sees no contact, no customer and nobody's words. No Streamlit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from voc.errors import AccessError
from voc.inference.digest import Digest
from voc.inference.marts import Marts, ThemeSummary
from voc.inference.marts_churn import CallList
from voc.inference.marts_themes import Story


def _theme(theme: ThemeSummary) -> ThemeSummary:
    return replace(theme, verbatim_ids=())


def _themes(themes: tuple[ThemeSummary, ...]) -> tuple[ThemeSummary, ...]:
    return tuple(map(_theme, themes))


def _maybe_theme(theme: ThemeSummary | None) -> ThemeSummary | None:
    return _theme(theme) if theme else None


def _story(story: Story) -> Story:
    """Without the edits themselves, which name contacts."""
    return replace(story, waiting=(), last=None)


def _calls(calls: CallList) -> CallList:
    return replace(calls, customers=())


def _whole(answer: Any) -> Any:
    return answer


_FIGURES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        (
            "span", "options", "totals", "daily", "reasons", "reason_slices", "reason_daily", "reason_classes",
            "observed_until", "back_test", "at_risk", "sentiment", "theme_shares", "impact", "gone", "theme_names",
            "emergence", "theme_groups", "theme_alerts", "baseline", "service", "trend", "fixed_themes", "stages",
            "stage_cells", "in_themes",
        ),
        _whole,
    ),
    "themes": _themes,
    "theme": _maybe_theme,
    "story": _story,
    "call_list": _calls,
}  # fmt: skip
"""Questions whose answers are figures, each with what takes the rest out. Whatever is not here is refused."""


class FiguresOnly:
    """What `Marts` answers, where that is figures: a question that somebody adds is refused until it is listed."""

    def __init__(self, marts: Marts) -> None:
        self._marts = marts

    def __getattr__(self, question: str) -> Callable[..., Any]:
        """The question, if its answer is figures. Raises AccessError."""
        keep = _FIGURES.get(question)
        if keep is None:
            raise AccessError(f"your role shows figures alone: {question} is refused")
        ask: Callable[..., Any] = getattr(self._marts, question)
        return lambda *arguments, **named: keep(ask(*arguments, **named))


def without_words(digest: Digest) -> Digest:
    """The week without what customers said."""
    return replace(digest, rising=tuple(replace(each, quote=None) for each in digest.rising))
