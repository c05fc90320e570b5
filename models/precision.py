"""fp32 or bf16: whichever this machine computes a training step faster in."""

import time
from contextlib import AbstractContextManager, nullcontext

import torch

from voc.models.classifier import Classifier


def autocast(device: torch.device, bf16: bool) -> AbstractContextManager[object]:
    """The context in which a model computes."""
    return torch.autocast(device.type, dtype=torch.bfloat16) if bf16 else nullcontext()


def fastest_precision(classifier: Classifier, choice: str = "auto") -> bool:
    """Whether to train in bf16: as told, else as measured.

    A processor that has bf16 instructions may still be slower with them on matrices as small as these, so the flag
    alone decides nothing; a few steps of each kind do, which takes seconds.
    """
    if choice != "auto" or not has_bf16(classifier.device):
        return choice == "yes"
    return _step_seconds(classifier, True) < 0.9 * _step_seconds(classifier, False)


def has_bf16(device: torch.device) -> bool:
    """Whether the device has bf16 instructions at all."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def _step_seconds(classifier: Classifier, bf16: bool, repeats: int = 3) -> float:
    """Least time of one forward and backward pass over 16 texts of 64 tokens."""
    device = classifier.device
    ids = torch.full((16, 64), 5, device=device)
    mask = torch.ones_like(ids)
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        with autocast(device, bf16):
            pooled = classifier.pool(ids, mask)
        torch.autograd.backward(pooled.sum())
        times.append(time.perf_counter() - begin)
        classifier.zero_grad(set_to_none=True)
    return min(times)
