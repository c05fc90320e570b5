"""A stand-in for an MLflow run, for benches that only write a table."""


class Tracked:
    """A tracker that keeps what it is told."""

    def __init__(self) -> None:
        self.tables: dict[str, object] = {}

    def table(self, name: str, rows: object) -> None:
        self.tables[name] = rows
