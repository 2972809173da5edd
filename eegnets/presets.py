"""Prepared experiments: names for what a first network, the lab report and two classic mistakes are set to."""

from typing import Any

from eegnets.translation import N_

PRESETS: dict[str, dict[str, Any]] = {
    N_("First network"): {"epochs": 30},
    N_("As the lab report"): {
        "epochs": 500,
        "learning_rate": 1e-3,
        "weight_decay": 0.01,
        "validation": 0.0,
        "keep": "last",
    },
    N_("No weight decay"): {"epochs": 60, "weight_decay": 0.0},
    N_("Learning rate too high"): {"epochs": 30, "learning_rate": 1.0},
}
