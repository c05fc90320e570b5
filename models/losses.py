"""What each kind of task is trained by."""

import torch
import torch.nn.functional as F

from voc.models.tasks import Task


def task_loss(task: Task, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean loss over the rows that have a label; zero (with a gradient) where none has.

    Multilabel uses the log-sum-exp pairwise loss (Su et al. 2022, "ZLPR", eq. 5): every present label is pushed
    above zero and every absent one below, and rare labels are not drowned by the many absent ones as with plain
    cross-entropy.
    """
    known = ~torch.isnan(target).any(dim=1)
    logits, target = logits[known].float(), target[known]
    if logits.shape[0] == 0:
        return logits.sum()
    if task.kind == "multiclass":
        return F.cross_entropy(logits, target.argmax(dim=1))
    if task.kind == "binary":
        return F.binary_cross_entropy_with_logits(logits, target)
    zero = torch.zeros_like(logits[:, :1])
    absent = torch.where(target > 0, float("-inf"), logits)
    present = torch.where(target > 0, -logits, float("-inf"))
    pairwise = torch.logsumexp(torch.cat([zero, absent], 1), 1) + torch.logsumexp(torch.cat([zero, present], 1), 1)
    return pairwise.mean()
