"""Lines of a history, as training would leave them."""


def epoch_record(epoch, accuracy=0.8, *, validation=0.75, loss=0.5):
    """One line of a history, as training would leave it."""
    return {
        "epoch": epoch,
        "train_loss": loss,
        "train_accuracy": accuracy,
        "validation_loss": loss,
        "validation_accuracy": validation,
        "test_loss": loss,
        "test_accuracy": accuracy,
        "seconds": 0.5,
        "learning_rate": 1e-3,
        "weight_decay": 0.01,
    }
