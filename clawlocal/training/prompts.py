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
    "Write a short note to my flatmate about the dishes.",
    "List five animals that live in the desert.",
    "Compare electric cars and petrol cars.",
    "A train leaves at 9:40 and the trip takes 2 hours and 35 minutes. When does it arrive?",
    "Should I rent or buy a flat?",
    "Describe a thunderstorm.",
    "What are the steps to change a bicycle tyre?",
    "Is it safe to eat eggs past their date?",
    "Suggest some books for a long train ride.",
    "My plant has yellow leaves. What is wrong with it?",
    "I have 48 apples and give away a third of them. How many are left?",
    "What was the Cold War about?",
    "How do I say no politely?",
    "Which sport is best for losing weight?",
    "Tell me a fun fact about octopuses.",
    "What do I need to open a small café?",
)
"""Practice for a lesson, in the likeness of what people ask."""

OF_TOPIC = {
    "code": (
        "Write a Python function that counts the vowels in a word.",
        "How do I sort a list in JavaScript?",
        "SQL query for all customers without an order",
        "Write a bash script that renames all .jpeg files to .jpg.",
        "Which Excel formula adds up only the numbers above 100?",
    ),
    "letters": (
        "Write a short email to my landlord about a dripping tap.",
        "Draft an invitation to a birthday party on Saturday.",
        "Write a message to my colleague that I am ill today.",
        "Write a letter to the school about a lost jacket.",
        "Write a thank-you note to my neighbour.",
    ),
    "recipes": (
        "Give me a recipe for pancakes.",
        "What can I cook for dinner with eggs and spinach?",
        "How do I bake a simple bread?",
        "A quick lunch for two with lentils?",
        "What is a good meal for a cold evening?",
    ),
    "maths": (
        "What is 15 percent of 240?",
        "Solve the equation 3x + 5 = 20.",
        "How do I add fractions with different denominators?",
        "Help me with my maths homework: what is the area of a circle with radius 3?",
        "Calculate the average of 4, 8 and 15.",
    ),
    "translations": (
        "Translate 'where is the station' into Spanish.",
        "Translate 'I would like to book a table' into Italian.",
        "What is the German translation of 'to be in a hurry'?",
        "Translate this into French: the shop opens at nine.",
    ),
    "poems": (
        "Write a poem about the first snow.",
        "A short verse for my grandmother's birthday card",
        "Write a limerick about a cat.",
        "Write a haiku about tea.",
    ),
    "stories": (
        "Tell me a bedtime story about a fox.",
        "Write a short story about a lost key.",
        "A tale about a brave little boat, please.",
    ),
    "travel": (
        "Plan a weekend trip to a city by the sea.",
        "What should I see on a trip to Rome with one day?",
        "How do I find a cheap flight?",
        "Which hotel should I choose for a quiet holiday?",
    ),
    "money": (
        "How do I make a monthly budget?",
        "What is a pension fund?",
        "How does a mortgage work?",
        "Should I pay off a loan early?",
    ),
    "health": (
        "What helps against a mild headache pain?",
        "How do I prepare for a visit to the doctor?",
        "What are the symptoms of a cold?",
        "How should I store medicines?",
    ),
}
"""Practice for a lesson that holds for one of `judge.topics` only."""

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
