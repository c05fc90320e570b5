"""`voc sweep`: settings of training searched with Optuna, each trial one training judged on dev; none sees test."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import model_validator

from voc.config import Settings, TrainingSettings, parse, read_toml
from voc.data.workspace import Workspace
from voc.errors import ConfigError
from voc.labels import Split
from voc.models.registry import Registry, RunLog
from voc.models.tasks import default_tasks
from voc.training.fit import Progress, fit
from voc.training.labelled import LabelledSet, labelled_sets
from voc.training.seed import seed_digest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import TrialState

Value = int | float | str | bool
DEFAULT_SPACE = Path(__file__).parent / "sweeps" / "default.toml"
_PARENT = "parent_run"


class Dimension(Settings):
    """Values that one setting may take: a range from `low` to `high`, or `choices`."""

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: tuple[Value, ...] = ()

    @model_validator(mode="after")
    def _range_or_choices(self) -> "Dimension":
        if self.choices:
            if self.low is not None or self.high is not None or self.log:
                raise ValueError("expected low and high, or choices, got both")
        elif self.low is None or self.high is None or self.low >= self.high:
            raise ValueError("expected low below high, or choices")
        elif self.log and self.low <= 0:
            raise ValueError("expected low above 0 with log = true")
        return self

    @property
    def extremes(self) -> tuple[Value, ...]:
        """Values that show whether all of them are allowed."""
        return self.choices or tuple(end for end in (self.low, self.high) if end is not None)

    def holds(self, value: object) -> bool:
        """Whether `value` is one of its values."""
        if self.choices or self.low is None or self.high is None:
            return value in self.choices
        return isinstance(value, int | float) and self.low <= value <= self.high

    def distribution(self) -> "BaseDistribution":
        """As Optuna has it."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if self.low is None or self.high is None:
            return CategoricalDistribution(self.choices)
        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)


class SearchSpace(Settings):
    """What is searched: settings of [training] by name."""

    training: dict[str, Dimension]


@dataclass(frozen=True)
class Trial:
    """One training of a sweep: its number, the settings that were tried, and the score on dev."""

    number: int
    settings: Mapping[str, Value]
    score: float


@dataclass(frozen=True)
class SweepSummary:
    """All finished trials of a study, the best first, and how many of them were there already."""

    study: str
    trials: tuple[Trial, ...]
    before: int
    baseline: Trial | None
    """The trial with the workspace's own settings; None where the space does not hold them."""

    @property
    def best(self) -> Trial:
        """The highest score on dev; the earliest of equals."""
        return self.trials[0]

    @property
    def snippet(self) -> str:
        """The best settings as they stand in voc.toml."""
        lines = (f"{name} = {json.dumps(value)}" for name, value in self.best.settings.items())
        return "\n".join(["[training]", *lines])


def load_space(path: Path) -> SearchSpace:
    """Read a search space. Raises ConfigError where it is wrong, or has a value that [training] would not take."""
    space = parse(SearchSpace, read_toml(path), str(path))
    if not space.training:
        raise ConfigError(f"{path}: expected at least one setting under [training], got none")
    for name, dimension in space.training.items():
        if name not in TrainingSettings.model_fields:
            near = get_close_matches(name, TrainingSettings.model_fields, 1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{path}: training.{name}: unknown key{hint}")
        for value in dimension.extremes:
            parse(TrainingSettings, {name: value}, f"{path}: training")
    return space


def sweep(
    workspace: Workspace, trials: int, space: SearchSpace, progress: Progress = lambda what, share: None
) -> SweepSummary:
    """Train until the study has so many finished trials, and report them. One sweep at a time in a workspace.

    A study is kept in the workspace's `optuna.db` and goes on where it stopped as long as space, labels, encoder and
    the other settings are the same; a trial that was cut short is taken up at its last whole epoch. The first one has
    the workspace's own settings. Raises TrainingError where labels are missing.
    """
    sets = _train_and_dev(workspace)
    name = f"sweep-{_fingerprint(workspace, space, sets)}"
    study = _study(workspace, name, space)
    before = len(_finished(study))
    registry = Registry(workspace.tracking_uri, workspace.config.tracking.experiment)
    with registry.run("sweep", {"study": name}, resume=study.user_attrs.get(_PARENT)) as parent:
        study.set_user_attr(_PARENT, parent.run_id)
        parent.table("space", space.model_dump(exclude_defaults=True))
        for done in range(before, trials):

            def told(what: str, share: float, done: int = done) -> None:
                progress(f"trial {done + 1} of {trials}: {what}", (done + share) / trials)

            trial = study.ask({key: dimension.distribution() for key, dimension in space.training.items()})
            settings = _readable(trial.params)
            try:
                with registry.run(f"trial {trial.number}", {"study": name}, parent=parent.run_id) as run:
                    score = _try(workspace, sets, name, settings, run, told)
            except Exception:  # a trial that cannot be trained is not tried again; an interrupted one is
                study.tell(trial, state=_fail())
                raise
            study.tell(trial, score)
            parent.metrics({"dev.score": score, "best.dev.score": study.best_value}, done + 1)
        summary = _summary(workspace, study, space, before)
        parent.table("trials", [asdict(trial) for trial in summary.trials])
    return summary


def _train_and_dev(workspace: Workspace) -> dict[Split, LabelledSet]:
    """All that a trial may see."""
    settings = workspace.config.training
    tasks = default_tasks(workspace.taxonomy.reason_ids)
    sets = labelled_sets(workspace.lake, tasks, settings.speakers)
    train = sets[Split.TRAIN]
    if settings.max_train_contacts is not None:
        train = train.sample(settings.max_train_contacts, settings.seed)
    return {Split.TRAIN: train, Split.DEV: sets[Split.DEV]}


def _fingerprint(workspace: Workspace, space: SearchSpace, sets: Mapping[Split, LabelledSet]) -> str:
    """What the scores of a study depend on; trials are only compared where all of it is the same."""
    fixed = workspace.config.training.model_dump_json(exclude=set(space.training))
    encoder = workspace.config.encoder.model_dump_json()
    parts = [space.model_dump_json(), fixed, encoder, seed_digest(), *(labelled.digest for labelled in sets.values())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _study(workspace: Workspace, name: str, space: SearchSpace) -> "Study":
    """The study, made with the workspace's own settings as its first trial, or as it was left."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=name,
        storage=f"sqlite:///{(workspace.root / 'optuna.db').resolve()}",
        direction="maximize",
        load_if_exists=True,
    )
    settings, known = workspace.config.training, study.get_trials(deepcopy=False)
    # A sampler that started from the same seed again would only repeat its first draws.
    study.sampler = optuna.samplers.TPESampler(seed=settings.seed + len(known))
    for trial in known:
        if trial.state == optuna.trial.TrialState.RUNNING:  # cut short
            study.tell(trial.number, state=_fail())
            study.enqueue_trial(trial.params)
    own = {key: getattr(settings, key) for key in space.training}
    if not known and all(space.training[key].holds(value) for key, value in own.items()):
        study.enqueue_trial(own)
    return study


def _try(
    workspace: Workspace,
    sets: Mapping[Split, LabelledSet],
    study: str,
    settings: Mapping[str, Value],
    run: RunLog,
    progress: Progress,
) -> float:
    """Train once and give the score on dev."""
    config = workspace.config
    training = parse(TrainingSettings, {**config.training.model_dump(), **settings}, "sweep: training")
    tasks = default_tasks(workspace.taxonomy.reason_ids, directions=training.seed_forms > 0)
    run.parameters({"encoder": config.encoder.model_dump(), "training": training.model_dump()})
    mark = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode()).hexdigest()[:12]
    checkpoints = workspace.models / f".{study}-{mark}"
    fitted = fit(sets, tasks, config.encoder, training, run, progress, checkpoints)
    run.metrics(fitted.dev.flat() | {"train_seconds": fitted.seconds})
    return fitted.dev.score


def _finished(study: "Study") -> list[Trial]:
    from optuna.trial import TrialState

    return [
        Trial(trial.number, _readable(trial.params), trial.value or 0.0)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    ]


def _summary(workspace: Workspace, study: "Study", space: SearchSpace, before: int) -> SweepSummary:
    found = sorted(_finished(study), key=lambda trial: (-trial.score, trial.number))
    own = _readable({key: getattr(workspace.config.training, key) for key in space.training})
    baseline = next((trial for trial in found if trial.settings == own), None)
    return SweepSummary(study.study_name, tuple(found), before, baseline)


def _readable(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Numbers with three digits, in training as in the report: more would claim a precision that no sweep has."""
    return {key: float(f"{value:.3g}") if isinstance(value, float) else value for key, value in settings.items()}


def _fail() -> "TrialState":
    from optuna.trial import TrialState

    return TrialState.FAIL
