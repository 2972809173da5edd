"""What every run's script has in common; `show_code` fills in what a run has of its own, after each dollar sign."""

from string import Template

CELL = "# %% "  # where a notebook's cell begins; editors know this sign, to Python it is a comment

TEMPLATE = Template('''\
"""$title."""
$remarks

# %% What it needs, and what was asked
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

TRIALS = Path("$run.npz")
DEVICE = "$device"
SEED = $seed
EPOCHS = $epochs
BATCH_SIZE = $batch_size
HELD_OUT = $held_out$threads$card

# %% The trials: X float32 µV (n_trials, n_chans, n_times), y the class of each
if not TRIALS.exists():
    raise SystemExit(f"{TRIALS} is not in this folder. It comes from where the script came; put it here.")
with np.load(TRIALS) as file:
    trials = {name: torch.from_numpy(file[name]).to(DEVICE) for name in file.files}


# %% The network: layers as print(model) lists them
${maxout}class $network(nn.Module):
    """EEG (batch, $n_chans, $n_times) in µV to a score for each of $n_outputs classes."""

    def __init__(self) -> None:
        super().__init__()
$layers

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Scores (batch, $n_outputs); the softmax is the loss's."""
        out = X.unsqueeze(1)  # (batch, 1, $n_chans, $n_times)
$passes


# %% First weights, optimiser, random numbers
torch.manual_seed(SEED)  # draws the first weights
model = $network().to(DEVICE, memory_format=torch.channels_last)  # the order in which values lie, and are summed
optimizer = torch.optim.$optimizer(model.parameters(), $options)
order = torch.Generator().manual_seed(SEED)  # draws the order of the trials
torch.manual_seed(SEED)  # draws what dropout silences$changes


# %% Training$max_norm
@torch.inference_mode()
def evaluate(X: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Mean loss and share of right answers, without learning."""
    model.eval()
    loss_sum = right = 0
    for data, labels in zip(X.split($evaluation_batch), y.split($evaluation_batch), strict=True):
        outputs = model(data)
        loss_sum += functional.cross_entropy(outputs, labels, reduction="sum")
        right += (outputs.argmax(1) == labels).sum()
    return loss_sum.item() / len(y), right.item() / len(y)


history = []
n_train = len(trials["y_train"])
for epoch in range(1, EPOCHS + 1):$change
    model.train()
    loss_sum = right = 0
    for batch in torch.randperm(n_train, generator=order).split(BATCH_SIZE):
        data, labels = trials["X_train"][batch], trials["y_train"][batch]
        optimizer.zero_grad()  # forget the last batch's gradients
        outputs = model(data)
        loss = functional.cross_entropy(outputs, labels)
        loss.backward()  # gradients of the loss by every weight
        optimizer.step()  # every weight a step against its gradient$apply
        loss_sum += loss.detach() * len(labels)
        right += (outputs.detach().argmax(1) == labels).sum()
    record = {"epoch": epoch, "train_loss": loss_sum.item() / n_train, "train_accuracy": right.item() / n_train}
    for fold in HELD_OUT:
        record[f"{fold}_loss"], record[f"{fold}_accuracy"] = evaluate(trials[f"X_{fold}"], trials[f"y_{fold}"])
    history.append(record)
    print("  ".join(f"{name} {round(value, 4)}" for name, value in record.items()))
$scores''')

LAST = """
# %% The three scores: test accuracy, counted in three ways
print(f"last epoch: {history[-1]['test_accuracy']:.4f}")
"""
CHOSEN = """\
chosen = max(history, key=lambda record: (record["validation_accuracy"], -record["validation_loss"]))
print(f"chosen on validation: {chosen['test_accuracy']:.4f}, epoch {chosen['epoch']}")
"""
BEST = """\
best = max(history, key=lambda record: record["test_accuracy"])
print(f"best test epoch (optimistic): {best['test_accuracy']:.4f}, epoch {best['epoch']}")
"""

CARD = """
torch.backends.cudnn.allow_tf32 = False  # convolutions in float32 keep all its digits
torch.backends.cudnn.deterministic = True  # and sum in the same order each time"""

CHANGE = """
    if epoch in CHANGES:
        optimizer.param_groups[0].update(CHANGES[epoch])"""
