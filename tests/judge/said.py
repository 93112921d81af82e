"""What people of many kinds say to a reply, and the directive in it. One phrasing a line: reply | said | directives."""

from __future__ import annotations

from typing import NamedTuple

REPLIES = {
    "list": "Here are some tips:\n\n1. **Water it**: Once a week is enough.\n2. **Light**: Near a window.\n\nEnjoy!",
    "dots": "Packing list:\n\n- Tent\n- Stove\n- Socks\n- A warm jumper",
    "prose": "Herons are long-legged birds that live near water. They eat fish, frogs and insects. They nest in trees, "
    "often in colonies, and stand still for a long time before they strike. Many stay over the winter. "
    "In spring they return to the same nest and mend it with fresh sticks and twigs from the trees nearby.",
    "short": "A heron is a bird that eats fish.",
    "loud": "Great choice! The color of the harbor is beautiful! You'll love the theater in the center!",
    "american": "The color of the harbor is beautiful, and the theater in the center is worth a visit.",
    "british": "The colour of the harbour is beautiful, and the theatre in the centre is worth a visit.",
    "asks": "A heron is a bird that eats fish. Would you like to know where they nest?",
    "caps": "You MUST never do that. It is VERY hot.",
    "emoji": "Herons are lovely 😊 They eat fish 🐟",
    "comment": "The answer is wrong. Plants need light.",
}

DIRECTIVES = {
    "two": "Answer in at most two sentences.",
    "three": "Answer in at most three sentences.",
    "four": "Answer in at most four sentences.",
    "one": "Answer in one sentence.",
    "w20": "Answer in at most 20 words.",
    "w50": "Answer in at most 50 words.",
    "short": "Keep answers short.",
    "long": "Answer in more detail.",
    "bullets": "Use bullet points.",
    "numbers": "Use numbered lists.",
    "prose": "Do not use bullet points. Write in full sentences.",
    "human": "Write in a natural, human voice.",
    "question": "End every reply with a question to the user.",
    "no question": "Do not end with a question.",
    "british": "Use British spelling.",
    "american": "Use American spelling.",
    "calm": "Do not use exclamation marks.",
    "lower": "Do not write words in all capitals.",
    "no emoji": "Do not use emoji.",
    "emoji": "Use emoji.",
    "no bold": "Do not use bold text.",
    "no asterisks": "Do not use asterisks.",
    "no markdown": "Do not use markdown.",
    "no headings": "Do not use headings.",
    "headings": "Use headings.",
    "no table": "Do not use a table.",
    "no intro": "Do not add an introduction.",
    "first": "Start with the answer.",
    "no closing": "Do not add closing phrases.",
    "no sorry": "Do not apologise.",
    "warm": "Use a warm tone.",
    "formal": "Use a formal tone.",
    "casual": "Use a casual tone.",
    "steps": "Show the steps.",
    "german": "Reply in German.",
    "no em dashes": "Do not use em dashes.",
}

_WISHES = """\
prose | two sentences max | two
prose | 2 sentances pls | two
prose | Could you keep it to three sentences, please? | three
prose | no more than 4 sentences ever again | four
prose | my eyes glaze over after the second sentence tbh | two
prose | I stop reading after two sentences, sorry | two
prose | I have about five seconds to read. Two sentences, max. | two
prose | just one sentence thx | one
prose | one line is plenty | one
prose | In two or three sentences please | three
prose | if it's more than two sentences I won't read it | two
prose | a couple of sentences is all I can take in | two
prose | under 50 words pls | w50
prose | max 20 words | w20
prose | I said two sentences! | two
prose | limit your answers to three sentences from now on | three
prose | Two sentences would have been enough. | two
prose | stop after two sentences | two
prose | Short means two sentences to me; by short I mean two sentences, not two paragraphs. | two
prose | Anything after the second sentence is wasted on me. | two
prose | If it does not fit in two sentences, I skip it. | two
prose | I only ever read two sentences. | two
prose | Please answer, and then a question to me. | question
prose | I want a question as your last line. | question
prose | Wrap up with a question about the topic. | question
prose | Each entry should begin with a hyphen. | bullets
prose | I mean it like "- milk" and under it "- bread". | bullets
prose | What I wanted was a dashed list. | bullets
short | at least four sentences please | long
short | Never fewer than five sentences. | long
prose | way to long | short
prose | tl;dr | short
prose | Wall of text again... | short
prose | bro im not reading all that | short
prose | shorter please | short
prose | Can you be more concise? | short
prose | too much text, keep it brief | short
prose | less waffle | short
prose | get to the point | short
prose | I'd prefer shorter answers, please. | short
prose | don't ramble | short
prose | fewer words | short
short | too short | long
short | longer pls | long
short | is that it? | long
short | where's the detail | long
short | Could you go into more detail? | long
short | more detail please, I'm really interested | long
short | one line is not enough | long
short | that's a bit thin. elaborate | long
short | Can you make it warm and longer? | warm long
short | too short and cold | long warm
prose | bullets pls | bullets
prose | dashes pls | bullets
prose | Could I have that as bullet points, please? | bullets
prose | bulletpoints would be easier to read | bullets
prose | as a list please | bullets
list | not numbers. dashes | bullets
list | dashes instead of numbers please | bullets
list | I keep all my lists with dashes in front, so please do it likewise. | bullets
list | not the way i do lists. dash, space, item | bullets
list | put a dash before each item | bullets
prose | one item per line with a dash in front | bullets
prose | where are the bullets? | bullets
prose | no bullets again? | bullets
prose | bullets, not paragraphs | bullets
prose | paragraphs again. use bullet points | bullets
list | again bullets... I said I like text | prose
list | again bullets | prose
list | so many bullet points | prose
list | why all the bullets? | prose
list | this reads like a slide deck | prose
list | Looks like a powerpoint presentation. | prose
list | no lists please, just normal text | prose
list | stop with the bullet points | prose
list | paragraphs rather than bullets | prose
list | text, not bullets | prose
list | I can't stand bullet points. | prose
list | bullet points are annoying | prose
list | Please write in full sentences instead of lists. | prose
list | write it like a letter | prose
list | everything is chopped into points | prose
dots | no more lists! whole sentences please | prose
dots | numbered list please | numbers
dots | number them so I know where I am | numbers
dots | not bullets, a numbered list | numbers
list | bold is annoying | no bold
list | stop using bold | no bold
list | why is everything bold? | no bold
list | lose the bold text | no bold
list | no asterisks pls | no asterisks
list | what's with the stars | no asterisks
list | no markdown please | no markdown
list | plain text only | no markdown
list | skip the formatting | no markdown
list | headings are unnecessary | no headings
prose | could you put headings in? | headings
prose | please no tables | no table
list | bold and bullets again, argh. Plain paragraphs please | prose no bold
short | you never ask me anything | question
short | You never ask me anything back. | question
short | it just ends | question
short | no question again.. | question
short | where's my question? | question
short | Please end with a question. | question
short | finish each reply with a question pls | question
short | ask me something at the end | question
short | ask me back! | question
short | a question at the end would be nice | question
short | You forgot the question at the end. | question
short | this conversation is so one-sided | question
short | It feels like talking to a wall | question
short | you could ask me what I think | question
short | keep the conversation going | question
short | not a single question for me | question
short | I'd like you to finish with a follow-up question | question
asks | stop asking me questions | no question
asks | don't end with a question | no question
asks | No follow-up questions please. | no question
asks | why do you always ask me stuff | no question
asks | without the question at the end pls | no question
asks | enough with the questions | no question
american | uk spelling thx | british
american | Use British English, please. | british
american | I'd like brittish spelling | british
american | not american spelling pls | british
american | it's colour, not color | british
american | colour has a u | british
american | We don't write color here | british
american | why so american? | british
american | american spelling again | british
american | can you spell the British way? | british
loud | Use UK English. And dont use exclamation marks | british calm
loud | uk spelling thx, also less shouting | calm british
british | US spelling please | american
british | color, not colour | american
loud | so many exclamation marks | calm
loud | why so excited? | calm
loud | no exclamation points pls | calm
loud | stop shouting | calm
loud | Too many exclaimation marks! | calm
loud | calm down | calm
loud | fewer exclamation marks please | calm
loud | The exclamation marks make me nervous. | calm
loud | enough with the !!! | calm
loud | exclamation marks everywhere | calm
caps | stop shouting | lower
caps | no capitals please | lower
caps | why the caps | lower
emoji | no emojis pls | no emoji
emoji | I hate smileys | no emoji
emoji | emojis again | no emoji
emoji | what's with the little faces | no emoji
short | use emojis | emoji
short | some emojis would be nice | emoji
list | sounds like chatgpt wrote it | human
list | this looks so AI | human
list | too robotic | human
list | Write like a real person please. | human
list | nobody talks like that | human
list | can you make it sound more human | human
list | My teacher will see it's from a bot. | human
list | A machine wrote this | human
list | more natural pls | human
list | looks like a website | human
list | less like a robot | human
short | no steps shown | steps
short | show your work | steps
short | how did you get there? | steps
short | where are the steps? | steps
short | you skipped the steps | steps
list | sounds like AI. but keep the steps | human steps
list | human voice please, with all the calculations | human steps
short | I need every step | steps
short | too cold | warm
short | a bit warmer please | warm
short | friendlier! | warm
short | that sounds harsh, be kind | warm
short | Could you be more freindly? | warm
short | less formal please | casual
short | too stiff | casual
short | more formal please | formal
short | way too casual | formal
list | skip the intro | no intro
list | no preamble | no intro
list | stop starting with "Sure" | no intro
prose | answer first please | first
prose | drop the hope this helps | no closing
prose | stop saying sorry | no sorry
prose | in German please | german
prose | please answer in German | german
prose | no em dashes please | no em dashes
prose | stop using em dashes | no em dashes
list | keep the bullets but shorter | bullets short
list | Next time: no bullets, no bold, and shorter. | prose no bold short
"""

_COMMENTS = """\
comment | too short and cold | Write more detailed grading comments. Write kinder grading comments.
comment | Can you make it warm and longer? | Write kinder grading comments. Write more detailed grading comments.
comment | kinder please | Write kinder grading comments.
comment | more detail please | Write more detailed grading comments.
comment | that's harsh, she is only nine. be gentle | Write kinder grading comments.
comment | where is the warmth? | Write kinder grading comments.
"""

NONE = """\
short | and what about dogs?
short | thanks!
short | write it in python
short | give me two sentences about Rome
short | what is a bullet?
short | ask him a question for me
short | Can you list three bullet points on the French Revolution?
short | What is the difference between a dash and a hyphen?
short | write a longer poem about the sea
short | Explain photosynthesis in two sentences.
short | Write a friendly email to my landlord
short | how do I make a table in Excel?
short | is a heron warm-blooded?
short | My sentence was reduced to two years.
short | what does AI stand for?
short | tell me more about frogs
short | more details about the nest please
short | Translate "good morning" into German
short | say it in German for my neighbour
short | how long is a heron's neck?
short | my son never asks me anything
short | My teacher never asks me anything.
short | ok, next question
short | I have a question about spelling
short | another question: how old do they get
short | that doesn't answer my question
short | how do I change the spelling language in Word to British English?
short | Make a numbered list of the planets
short | add a heading to my essay
short | the question was about dogs
asks | yes please
asks | no
list | perfect, I love the bullets
list | thanks, nice list
list | great, short and sweet
short | lovely, just the right length
short | the water was too cold for them
short | it is warm and sunny here
short | how do robots work?
short | recommend a book with a human voice
short | the train ends in Hamburg
short | my essay is too short, what can I add?
short | he's too formal with his kids, what can he do
short | the bullet hit the wall
short | when do I use an exclamation mark?
short | what's the shortest sentence in English?
short | 5 sentences on foxes please
short | how many words are in War and Peace
list | which step comes first?
list | can you explain step 2?
list | skip step 3, I have done it
list | I did all the steps and it still does not work
short | not bad
short | why?
short | stop
short | add two eggs to the recipe
short | can I use dashes in a file name?
short | how do I say no nicely
short | do herons shout?
short | my boss shouts at me all the time
short | The end of the film had no dialogue
short | Should I be more formal with her parents?
short | shorter route please, we are walking
short | my British friend says petrol
short | who invented the smiley?
short | convert this to markdown
short | put it in a table
short | what happens if I use too many exclamation marks in an email?
short | is two sentences enough for a bio?
list | number 2 is wrong
list | the second bullet is wrong, she lives in Bonn
short | a longer example for my class about herons
short | It ends in a draw if nobody scores
short | don't forget the milk
short | no that's it, bye
short | my kids are too loud, any tips?
short | i was so excited about the trip
short | ask me a riddle
short | Quiz me on capitals
short | ask me five questions about France
"""


class Saying(NamedTuple):
    """One thing said to a reply."""

    reply: str
    said: str
    directives: frozenset[str]
    """Sentences, or pairs of them."""


def wishes() -> list[Saying]:
    rows = [[part.strip() for part in line.split(" | ")] for line in _WISHES.splitlines()]
    return [
        Saying(REPLIES[reply], said, frozenset(map(DIRECTIVES.__getitem__, _keys(keys)))) for reply, said, keys in rows
    ]


def comments() -> list[tuple[str, str, str]]:
    rows = [line.split(" | ") for line in _COMMENTS.splitlines()]
    return [(REPLIES[reply], said, directive) for reply, said, directive in rows]


def ordinary() -> list[tuple[str, str]]:
    rows = [line.split(" | ") for line in NONE.splitlines()]
    return [(REPLIES[reply], said) for reply, said in rows]


def _keys(text: str) -> list[str]:
    """ "no bold short" is "no bold" and "short"."""
    keys: list[str] = []
    for word in text.split():
        joined = f"{keys[-1]} {word}" if keys else word
        if joined in DIRECTIVES or (keys and keys[-1] in ("no", "no em")):
            keys[-1:] = [joined]
        else:
            keys.append(word)
    return keys
