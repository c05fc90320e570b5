"""Runs, versions and aliases in MLflow. The only place that knows MLflow."""

import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from voc.errors import VocError

REGISTERED_MODEL = "voc-classifier"
CHAMPION = "champion"
PREVIOUS = "previous"


class RunLog(Protocol):
    """What a training needs of a tracker. Tests hand in one that keeps everything in memory."""

    def parameters(self, values: Mapping[str, object]) -> None:
        """Record settings; nested maps become dotted names."""

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Record figures, at a step of training where there is one."""

    def dataset(self, name: str, digest: str, context: str, profile: Mapping[str, object]) -> None:
        """Record which data went in: its digest, and counts as `profile`."""

    def table(self, name: str, values: object) -> None:
        """Record a JSON document under `name`."""

    def figure(self, name: str, picture: Any) -> None:
        """Record a matplotlib figure under `name`."""

    def model(self, folder: Path) -> None:
        """Record the model folder and register it as a new version."""


@dataclass(frozen=True)
class ServedModel:
    """An MLflow model from code (`python_function`): what it is made of, in MLflow's own terms but not its types.

    `script` is run to read it, with the package `code` beside it and the folder `files` as its artefact `model`.
    `inputs` and `outputs` are the columns of its signature, `example` an input by column.
    """

    folder: str
    script: Path
    code: Path
    files: Path
    requirements: tuple[str, ...]
    inputs: Sequence[Mapping[str, Any]]
    outputs: Sequence[Mapping[str, Any]]
    example: Mapping[str, Sequence[Any]]
    tags: Mapping[str, str]

    def save(self, place: Path) -> None:
        """Write it as an MLflow model into the folder `place`, which must not be there. Nothing in it is a pickle."""
        _quietly()
        with warnings.catch_warnings():
            # Both of MLflow's own doing: its type hints, and its use of pandas.
            warnings.filterwarnings("ignore", ".*Any type hint is inferred", UserWarning)
            warnings.filterwarnings("ignore", "Operation with range is deprecated", DeprecationWarning)
            import mlflow.pyfunc
            import pandas as pd
            from mlflow.models import ModelSignature

            columns = {"inputs": json.dumps(self.inputs), "outputs": json.dumps(self.outputs)}
            mlflow.pyfunc.save_model(
                str(place),
                python_model=str(self.script),
                code_paths=[str(self.code)],
                artifacts={"model": str(self.files)},
                pip_requirements=list(self.requirements),
                signature=ModelSignature.from_dict(columns),
                input_example=pd.DataFrame(self.example),
                metadata=dict(self.tags),
            )


@dataclass(frozen=True)
class Registry:
    """MLflow at one address, one experiment."""

    uri: str
    experiment: str

    @contextmanager
    def run(
        self,
        name: str,
        tags: Mapping[str, str] | None = None,
        *,
        parent: str | None = None,
        resume: str | None = None,
    ) -> Iterator["MlflowRun"]:
        """A tracked run: finished when the block ends, failed when it raises.

        `parent` is the id of the run that it is a part of; `resume` that of a run to go on with, where MLflow still has
        it.
        """
        client = self._client()
        run_id = self._reopened(client, resume) if resume is not None else None
        if run_id is None:
            experiment = client.get_experiment_by_name(self.experiment)
            identity = experiment.experiment_id if experiment else self._create(client)
            nested = {"mlflow.parentRunId": parent} if parent is not None else {}
            run_id = client.create_run(identity, run_name=name, tags={**(tags or {}), **nested}).info.run_id
        try:
            yield MlflowRun(client, run_id)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id)

    def promote(self, version: str, previous: str | None = None) -> None:
        """Give the alias `champion` to the registered version whose folder is named `version`, and `previous` to the
        one of that name. Raises VocError where `version` is not registered.

        A `previous` that this MLflow does not know (it may have been another's) leaves its alias free.
        """
        client = self._client()
        number = self._number(client, version)
        if number is None:
            raise VocError(f"{self.uri}: model version {version!r} is not registered")
        if previous is not None:
            before = self._number(client, previous)
            if before is None:
                client.delete_registered_model_alias(REGISTERED_MODEL, PREVIOUS)
            else:
                client.set_registered_model_alias(REGISTERED_MODEL, PREVIOUS, before)
        client.set_registered_model_alias(REGISTERED_MODEL, CHAMPION, number)

    def lead_to(self, version: str, number: str, champion: bool) -> str:
        """Let the aliases that the folder named `version` has lead to its registered version `number`, and `champion`
        if it is that. Returns the shortest address there."""
        client = self._client()
        aliases = dict(client.get_registered_model(REGISTERED_MODEL).aliases)
        own = {str(found.version) for found in self._versions(client, version)}
        led = {alias for alias, other in aliases.items() if str(other) in own} | ({CHAMPION} if champion else set())
        for alias in sorted(led):
            client.set_registered_model_alias(REGISTERED_MODEL, alias, number)
        return f"models:/{REGISTERED_MODEL}" + (f"@{min(led)}" if led else f"/{number}")

    def _number(self, client: Any, version: str) -> str | None:
        """The newest of a folder: its export, once there is one, is registered after the trained model."""
        found = self._versions(client, version)
        return str(max(int(one.version) for one in found)) if found else None

    def _versions(self, client: Any, version: str) -> list[Any]:
        return list(client.search_model_versions(f"name = '{REGISTERED_MODEL}' and tags.folder = '{version}'"))

    def _reopened(self, client: Any, run_id: str) -> str | None:
        from mlflow.exceptions import MlflowException

        try:
            client.update_run(run_id, status="RUNNING")
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return run_id

    def _create(self, client: Any) -> str:
        # A local store keeps files beside its database, not in the folder that the command happens to run in.
        place = None
        if self.uri.startswith("sqlite:///"):
            place = (Path(self.uri.removeprefix("sqlite:///")).parent / "mlflow-artifacts").resolve().as_uri()
        return str(client.create_experiment(self.experiment, artifact_location=place))

    def _client(self) -> Any:
        _quietly()
        from mlflow import MlflowClient  # takes seconds to import: only commands that track pay for it

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


class MlflowRun:
    """A RunLog that writes to one MLflow run."""

    def __init__(self, client: Any, run_id: str) -> None:
        self.client = client
        self.run_id = run_id

    def parameters(self, values: Mapping[str, object]) -> None:
        """See RunLog."""
        from mlflow.entities import Param

        flat = [Param(name, str(value)) for name, value in _flatten(values)]
        self.client.log_batch(self.run_id, params=flat)

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """See RunLog. Batched, since a server is asked once a call."""
        import time

        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        batch = [Metric(_metric_name(name), float(value), now, step or 0) for name, value in values.items()]
        for start in range(0, len(batch), 900):  # MLflow takes at most 1,000 at a time
            self.client.log_batch(self.run_id, metrics=batch[start : start + 900])

    def dataset(self, name: str, digest: str, context: str, profile: Mapping[str, object]) -> None:
        """See RunLog."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        entity = Dataset(
            name=name, digest=digest, source_type="lake", source=json.dumps({"table": "labels"}),
            profile=json.dumps(profile),
        )  # fmt: skip
        self.client.log_inputs(self.run_id, datasets=[DatasetInput(entity, [InputTag("mlflow.data.context", context)])])

    def table(self, name: str, values: object) -> None:
        """See RunLog."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
            self.client.log_artifact(self.run_id, str(path), "tables")

    def figure(self, name: str, picture: Any) -> None:
        """See RunLog."""
        self.client.log_figure(self.run_id, picture, f"figures/{name}.png")

    def model(self, folder: Path) -> None:
        """See RunLog."""
        self._register(folder, {"folder": folder.name})

    def served_model(self, served: ServedModel) -> str:
        """Record a model that MLflow can load and serve, and register it; returns the number of its version."""
        with tempfile.TemporaryDirectory(prefix="voc-mlflow-") as name:
            place = Path(name) / "model"
            served.save(place)
            return self._register(place, served.tags)

    def _register(self, folder: Path, tags: Mapping[str, str]) -> str:
        from mlflow.exceptions import MlflowException

        self.client.log_artifacts(self.run_id, str(folder), "model")
        try:
            self.client.create_registered_model(REGISTERED_MODEL)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        artifacts = self.client.get_run(self.run_id).info.artifact_uri
        made = self.client.create_model_version(REGISTERED_MODEL, f"{artifacts}/model", self.run_id, tags=dict(tags))
        return str(made.version)


def _quietly() -> None:
    """MLflow asks for git, tells of each table that it makes, and draws bars."""
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow  # noqa: F401 # sets its own levels when it is imported, so ours come after

    for chatty in ("alembic", "mlflow"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _flatten(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _metric_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "_-./ " else "_" for char in name)
