"""Reward: what the next state says about a reply. Verdicts, hints, lessons."""
