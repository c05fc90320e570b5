"""A workspace that takes seconds to make: a tiny real encoder, a small synthetic company, an exported model."""

from datetime import date
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

from voc.data import demo
from voc.data.demo import generate, taxonomy_toml
from voc.data.ingest import ingest
from voc.data.workspace import Workspace
from voc.training.exporting import export
from voc.training.train import train

_WIDTH, _TOKENS, _PIECES = 32, 128, 2000
_SETTINGS = """
[company]
name = "Tiny company"
synthetic = true
[encoder]
name = "encoder"
[training]
epochs = 0
max_tokens = 48
seed_forms = 0
switched_forms = 0
bf16 = "no"
[export]
margin = 1.0
least_cosine = 0.0
[scoring]
commit_contacts = {commit}
read_contacts = {read}
shard_contacts = {read}
"""


def tiny_encoder(folder: Path) -> Path:
    """A transformers folder with a real tokenizer and a two-layer encoder with random weights (32 wide)."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    phrases = Path(str(demo.__file__)).parent / "phrases"
    trainer = trainers.UnigramTrainer(
        vocab_size=_PIECES,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train([str(path) for path in sorted(phrases.glob("*.toml"))], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", cls_token="<s>", eos_token="</s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", model_max_length=_TOKENS,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)  # fmt: skip
    set_seed(1)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=_WIDTH, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=2 * _WIDTH, max_position_embeddings=_TOKENS, pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def tiny_workspace(root: Path, contacts: int, days: int, commit: int, read: int) -> Workspace:
    """A small synthetic company with an int8 export of a model that knows little; nothing is scored yet.

    Scores are committed about every `commit` contacts, and `read` of them are read together.
    """
    root.mkdir(parents=True)
    tiny_encoder(root / "encoder")
    workspace = Workspace.create(root, _SETTINGS.format(commit=commit, read=read), taxonomy_toml())
    sources = root / "sources"
    generate(sources, contacts=contacts, customers=200, days=days, last_day=date(2026, 6, 30))
    ingest(workspace, [path for path in sorted(sources.iterdir()) if path.name not in {"truth.json", "README.txt"}])
    train(workspace)
    export(workspace, precision="int8")
    return workspace
