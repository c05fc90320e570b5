"""One tree of errors. Each message is one line that says what was expected and what came."""


class VocError(Exception):
    """Root of all errors that a user can mend. The command line prints it as one line and exits with 2."""


class ConfigError(VocError):
    """A settings or taxonomy file is wrong: all its mistakes are named at once."""


class WorkspaceError(VocError):
    """A folder is not the workspace that a command needs, or lacks something a step needs."""


class InputError(VocError):
    """A source as a whole cannot be read (one bad row goes to quarantine instead)."""


class ContractError(VocError):
    """A table does not have the columns that its contract promises."""


class LakeError(VocError):
    """A table cannot be written: the disk is full, or nobody may write there."""


class EncoderError(VocError):
    """An encoder cannot be found, unpacked or verified."""


class ModelFolderError(VocError):
    """A folder is not a model that this version can load."""


class ExportError(VocError):
    """A model cannot be exported, or loses too much by it."""


class ClusterError(VocError):
    """A cluster cannot be reached, or lost what a run needs."""


class ThemeError(VocError):
    """A change to a theme cannot be made: no such theme, or it is what it should become already."""


class CorrectionError(VocError):
    """A label cannot be corrected so: an unknown label, or somebody else was faster."""


class TrainingError(VocError):
    """A training set cannot be learnt from."""


class AccessError(VocError):
    """Somebody asks for what they may not see or do, or nobody has signed in."""


class MissingExtraError(VocError):
    """An optional part is not installed; the message holds the line that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part: pip install 'voc-insights[{extra}]'")
