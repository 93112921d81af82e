"""Questions with an answer that ends by asking something back about the same subject. Knows no lesson and no model.

Left to itself a small model asks what fits any subject ("Do you want to know more?"), or something that was answered
already. What to take up, and how far on a question leads, it learns from these.
"""

from __future__ import annotations

from functools import cache

_ASKED = """
How do I keep bread fresh?
Keep bread in a paper bag or a bread box at room temperature, because the fridge makes it dry. Cut only as much as
you need, and freeze the rest in slices on the day you buy it. Frozen slices can go straight into the toaster. Do
you mostly eat white bread or a dark loaf with a thick crust?

Why do leaves change colour?
In summer a green pigment hides all others. When the days get shorter the tree stops making it, and the yellow and
orange that were there all along become visible. Red is made new from sugar on sunny, cold days. So leaves change
their colour from within, and frost only makes them fall sooner. Which leaves turn red first where you live?

How do I learn to skate?
Begin on a quiet path with pads on your knees and wrists. Bend your knees, keep your weight over the front half of
your feet and push sideways, not back. Learn to stop and to fall before you learn to be fast, because that takes
away the fear. Do you want to skate on ice or on wheels?

What is a rain barrel good for?
A rain barrel collects the water that runs off your roof. It saves drinking water, and plants like soft rain better
than hard water from the tap. Put a lid on it, so that no leaves and mosquitoes get in, and empty it before the
first frost. How many plants do you have to water with the rain in summer?

Why does the moon change its shape?
The moon itself stays round. The sun always lights one half of it, and as it travels around us we see more or less
of that half. It takes about a month from one full moon to the next. So the shape is only a matter of where we look
from. Have you ever watched the thin moon just after sunset?

How do I write a good birthday card?
Start with the name and a wish that fits this person alone. Add one memory that you share, and say what you like
about them. A few honest lines are worth more than a long printed verse. Write it by hand, and take a draft before
you use the card. Whose birthday is it, and what do you remember best about that person?

What is a black hole?
A black hole is a place where so much mass is packed together that not even light gets away. Most of them are what
is left of very large stars. We cannot see them, but we see how they pull on stars and gas around them. Would you
rather read about how a black hole begins or what happens near its edge?

How do I get rid of fruit flies?
Put ripe fruit in the fridge and empty the bin each day. A glass with vinegar, a little sugar and one drop of soap
catches those that are left. After a week without food they are gone. Look into the drain as well, since they lay
eggs there. Where in your kitchen do the flies sit most?

Why do we have time zones?
The earth turns, so the sun rises in one place while it sets in another. With time zones it is light around noon
everywhere. Each zone is about fifteen degrees wide, though borders bend many of them. Before trains came, each town
had a time of its own. Do you have friends who live in another time zone?

How do I choose a pair of hiking boots?
Try them on in the afternoon, when feet are larger, and wear the socks that you hike in. Your toes need room when
you walk downhill, and the heel must not slip. For rough paths a high and stiff boot is better. What kind of paths
do you want to hike on?

What does a heart surgeon do?
A heart surgeon repairs valves, opens blocked vessels and sometimes replaces the whole heart. Before an operation
the team looks at scans and plans each step. Many operations take four hours or longer. Afterwards the surgeon looks
in on the patient for days, until the heart beats well by itself. Are you thinking of becoming a surgeon, or did
someone you know have an operation?

How can I get to know my neighbours?
Say hello by name whenever you meet on the stairs, and bring something small when you move in. Help is a good
beginning as well: take in a parcel, or water the plants while they are away. A table in the yard with cake brings
all of them together once a year. Which of your neighbours would you invite for cake?

Why do onions make us cry?
When you cut an onion its cells break, and two substances meet that form a sharp gas. The gas reaches your eyes, and
tears wash it out. A sharp knife and a cold onion help, because fewer cells burst. Hold your head a little away from
the board, and open a window. What are you going to cook with your onions?

How does a sailing boat move against the wind?
It does not go straight into the wind but at an angle, first to one side and then to the other. The sail works like
a wing that pulls, and the keel under the boat keeps it from sliding sideways. From above its way looks like a row
of zigzags. Have you been on a sailing boat, or do you plan your first trip?

What was the Silk Road?
It was not one road but a net of paths between China and the Mediterranean. Traders carried silk, spices, glass and
paper, and with them went ideas and religions. Few people walked the whole way, most goods changed hands many times.
It lost its weight when ships found the way around Africa. Which of these goods would you have wanted to trade?

How do I wash a wool sweater?
Use cold water and a soap for wool, and move the sweater gently without rubbing. Press the water out in a towel
instead of wringing it. Then lay it flat to dry, away from sun and heat. Wool does not need much washing, airing it
overnight is often enough. Is your sweater made of pure wool or of a mix?

Why do rivers bend?
Water on the outside of a small bend flows faster and carries earth away, and on the inside it slows down and leaves
sand behind. So each bend grows with the years. Sometimes the river cuts through and leaves a lake. From an
aeroplane you can see such old bends in the fields. Is there a river with such bends near you?

How do I take better photos with my phone?
Clean the lens first, then look for soft light, as in the morning or in the shade. Go closer instead of zooming, and
tap on what should be sharp. Put the main thing a little beside the middle. Take several, and delete the rest in the
evening. Do you take more photos of people or of landscapes?

What do bees do in winter?
Honey bees stay in the hive and form a ball around their queen. They shiver to keep it warm, and they take turns on
the cold outside. All winter they live on the honey that they stored. On the first mild day they fly out to clean
themselves. Have you thought about planting flowers for the bees in spring?

How do I plan a cheap holiday?
Travel outside of school holidays, and look at places that trains or buses reach easily. A room with a kitchen saves
more than a cheaper hotel. Book the way there first, since its price changes most. Share the costs with friends
where you can, and cook together in the evening. Would you like the holiday to be by the sea or in the mountains?

Why is laughter contagious?
Our brain has cells that copy what we see and hear in others. When someone laughs, the same muscles in our face get
ready. It also shows that we belong together, which was useful for people who lived in groups. That is why films
seem funnier in a full cinema. Who in your family has the most contagious laughter?

How do I repot a plant?
Take a pot that is only two fingers wider than the old one, with a hole in the bottom. Loosen the roots, put fresh
soil around them and press it lightly. Water it well and keep it out of the sun for a week. Which plant do you want
to repot, and how old is it?

What is the difference between a crocodile and an alligator?
A crocodile has a narrow snout, and you see its lower teeth when the mouth is shut. An alligator has a broad, round
snout that hides them. Crocodiles also like salt water better. Alligators live in the south of the United States and
in China, crocodiles in many warm countries. Have you ever seen a crocodile or an alligator, in a zoo or in the
wild?

How do I remember names better?
Say the name aloud when you hear it, and connect it with a picture or with someone else of that name. Use it once
more before you part. Writing it down in the evening helps too. And if you have lost it, ask at once, because nobody
minds in the first minutes. Whose name do you find hardest to remember?

Why do old houses creak?
Wood takes up damp air and gives it back, and it grows and shrinks a little with warm and cold. At night it cools
down, and beams and stairs rub against each other. Most of these noises are harmless. If it creaks in the same place
each night, have a look at the screws. Which part of your house creaks the loudest at night?

How do I teach my dog to sit?
Hold a treat above its nose and move it slowly back, until the dog sits down by itself. Say the word at that moment
and give the treat. Five minutes twice a day are enough, and never push it down. Stop while it still enjoys it. How
old is your dog, and does it know other words already?

What is jazz?
Jazz grew up in New Orleans from blues, marches and songs of work. Musicians agree on a tune and then invent
something new over it, so that no evening is like another. Rhythm and listening to each other matter more than notes
on paper. Which instrument do you like to hear most in jazz?

How do I calm down before an exam?
Breathe out slowly, longer than you breathe in, for two minutes. Lay out your things the evening before, and stop
studying an hour before you sleep. In the exam begin with a task that you know. A little fear is useful, since it
keeps you awake. Which subject is your exam in, and what worries you about it?

Why do owls fly so quietly?
The front edge of an owl's feathers has fine teeth that break the air into small streams, and the soft surface
swallows what is left of the sound. Its wings are large for its weight, so that it can glide slowly. A mouse hears
nothing until it is too late. Have you ever heard an owl call at night?

How do I sharpen a kitchen knife?
Wet the stone and hold the knife at an angle of about fifteen degrees. Draw it over the stone from heel to tip, ten
times on each side, first on the rough and then on the fine side. Test it on a tomato. Do you already own a stone,
or do you want to buy one for your knives?

How do I choose a mattress?
Lie on the mattress for ten minutes as you sleep at night. If you sleep on your side your shoulder has to sink
in, while someone who sleeps on the back needs more support. A good shop lets you try it at home for some weeks,
since the first night says little. Do you sleep on your side or on your back?

How are pearls made?
When something small gets into an oyster and hurts it, the oyster covers it with the same smooth layers as its
shell. After some years there are thousands of thin layers. Most pearls today come from farms, where a bead is put
in by hand. Are you interested in the pearls as jewels or in the animals?

How do I start a book club?
Ask four to seven people, because with more nobody gets to speak. Agree on a day each month and let everyone choose
a book in turn. Two or three open questions are enough for an evening. Something to eat makes the talk easier, and
nobody should have to clean up alone. Which book would you like to begin your club with?

Why do crickets chirp?
Male crickets rub their front wings together, one with a row of teeth and the other with an edge. The song calls
females and warns other males to keep away. On warm evenings it gets faster, so that you can even guess the
temperature from it. Where have you heard crickets chirp most loudly?

How do I fix a squeaky door?
Open the door and put a little oil or candle wax on the hinges, then move it back and forth. If it still squeaks,
take the pin out, clean it and grease it. Tighten the screws as well. Wipe off what drips, so that it leaves no
spots on the floor. Does the squeak come from the upper or from the lower hinge?

What is a leap year for?
The earth takes almost six hours more than 365 days to go around the sun. Without an extra day every four years the
seasons would slowly move through the calendar. Every hundred years the extra day is mostly left out. The rule is
more than four hundred years old. Do you know anyone who was born on the extra day of a leap year?

How can I eat less sugar?
Drink water or tea instead of juice, and read the label of sauces and yoghurt, where much of it hides. Cut down over
some weeks, so that your taste gets used to it. Fruit after a meal helps when you crave something sweet. At what
time of day do you crave sugar most?

Why did people build windmills?
Before there were engines, grinding grain by hand took hours of hard work each day. Wind was free, and one mill
could grind the flour for a whole village. In the Netherlands windmills also pumped water from the land, which lies
lower than the sea. Have you ever been inside a windmill while it was turning?

How do I paint a wall without streaks?
Cover the floor, wipe off the dust and paint the edges with a brush first. Then roll from top to bottom, wet beside
wet, without stopping in the middle of the wall. Two thin coats look better than a thick one. Let the first one dry
overnight. Which colour will your wall have, and what is on it now?

What is a haiku?
A haiku is a short poem from Japan with three lines, often of five, seven and five syllables. It catches one moment,
and mostly a word in it tells the season. Nothing is explained, the picture has to be enough. Many poets write one
each day as an exercise. Which season would your own haiku be about?
"""


@cache
def asking() -> dict[str, str]:
    """Answer by question."""
    parts = (part.split("\n", 1) for part in _ASKED.strip().split("\n\n"))
    return {question: " ".join(answer.split()) for question, answer in parts}
