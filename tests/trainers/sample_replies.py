"""Replies as a small model writes them: lists, bold, headings, steps, stock phrases, code, unfinished ends."""

REPLIES = (
    "Certainly! Here are some tips for better sleep:\n\n1. **Keep a schedule**: Go to bed at the same time.\n"
    "2. **Avoid screens**: Put the phone away an hour before.\n3. **Stay cool**: Keep the room at 18 degrees.\n\n"
    "I hope this helps! Let me know if you have any other questions.",
    "The capital of France is Paris. It lies on the Seine and has about two million inhabitants.",
    "Great question! Photosynthesis is how plants make sugar from light. They take in water and carbon dioxide!! "
    "Would you like to know more?",
    "## Ingredients\n\n- 2 eggs\n- 100 g flour\n- milk\n\n## Method\n\nMix everything. Fry the batter in a hot pan.",
    "Step 1: Find the area.\n\\[ \\text{Area} = 5 \\times 3 = 15 \\]\n\n"
    "Step 2: Halve it.\n\\( \\frac{15}{2} = 7.5 \\)\n\n"
    "The answer is \\boxed{7.5}.",
    "Sure, use a dictionary:\n\n```python\ncolors = {'a': 1}\nprint(colors!)\n```\n\n"
    "It maps names to colors! Do you see why?",
    "To organize your desk, sort the papers by color. Your favorite pens belong in the center. "
    "Traveling light helps as well, and so does a gray box. Analyze what you use.",
    "I'm sorry, but as an AI language model I can't taste food. Tomatoes are a fruit. Many people like them with salt!",
    "You should NEVER mix bleach and ammonia! It is VERY dangerous. NASA uses neither.",
    "- Walk daily.\n- Walk every day.\n- Walk daily.\n- Eat fruit.\n- Eat fruit.\n- Drink water.",
    "Hello! 😊 Here's a quick idea: write a letter to your grandmother. She would love it 🎉! What do you think?",
    "The Romans built roads — long, straight ones — across Europe. Many of them are in use today, e.g. the Via Appia. "
    "Dr. Smith wrote a book about them.",
    "| Drink | Caffeine |\n|---|---|\n| Tea | 40 mg |\n| Coffee | 95 mg |\n\nCoffee has more.",
    "Learning a language takes time. Start with the most common words, and repeat them each day. Listen to the radio, "
    "even when you understand little. Find someone to talk to. After some months you will notice that you think in it, "
    "and that is when it becomes fun. In the end, the best way is the one that you enjoy and keep up, so",
    "1. Open the settings.\n   - Choose Display.\n   - Choose Dark.\n2. Restart the app.\n3. Enjoy!",
    "Yes.",
    "To find 15% of 80, multiply 80 by 0.15: 80 * 0.15 = 12. So 2*3*4 = 24 and 2**3 = 8 stay as they are.",
    "**Overview:**\n\nThe *essay* is clear. The thesis is strong, but the second paragraph lacks evidence.\n\n"
    "**Grade:** B",
    "Here's a step-by-step guide to solve the problem:\n\n### Step 1: Add the costs\n3 + 4 = 7 dollars.\n\n"
    "### Step 2: Take the discount\n7 - 2 = 5 dollars.\n\nSo you pay $5.",
    "What a lovely idea! Have you thought about the weather? How many guests will come?",
    "Of course! The three primary colors are:\n* Red\n* Yellow\n* Blue\n\nFeel free to ask for more!",
    "Use `git status` to see changes. Then run `git add` for each file. Finally, commit with a short message.",
)
