"""LoRA training of the served policy. Knows nothing of `clawlocal` or `tui`: this is what travels."""
