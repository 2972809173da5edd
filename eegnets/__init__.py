"""How neural networks read brain signals: trials in, run folders out."""

__version__ = "0.1.0"
