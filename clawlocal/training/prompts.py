"""Everyday prompts: some to practise a lesson on beside the user's own, some that must not change.

The two lists share no subject, so that the gauge is not what was practised.
"""

from __future__ import annotations

EVERYDAY = (
    "How do I get a coffee stain out of a shirt?",
    "What should I cook with leftover rice?",
    "Explain what inflation is.",
    "Can you recommend a weekend trip with kids?",
    "How does a heat pump work?",
    "Why is the sky blue?",
    "What is the difference between a virus and a bacterium?",
    "How can I sleep better?",
    "Give me some advice for a job interview.",
    "What does an oil filter do?",
    "How do I start learning the guitar?",
    "Tell me about the Roman Empire.",
    "Which plants do well on a shady balcony?",
    "How do I ask my boss for a raise?",
    "What is a good exercise for back pain?",
    "How do vaccines work?",
    "What should I pack for a hike?",
    "Explain how a mortgage works.",
    "Why do cats purr?",
    "How do I make my home Wi-Fi faster?",
    "What is the best way to learn a language?",
    "How is chocolate made?",
    "What happens when you eat too much sugar?",
    "How do I save money on groceries?",
)
"""Practice for a lesson, in the likeness of what people ask."""

NEUTRAL = (
    "What is 17 plus 26?",
    "Translate 'good morning' into French.",
    "What is the capital of Japan?",
    "Name the planets of the solar system.",
    "Write a haiku about the sea.",
    "What is the opposite of 'generous'?",
    "Who wrote Hamlet?",
    "Convert 5 kilometres to miles.",
)
"""Anchor and gauge: how these are answered should stay as it was."""
