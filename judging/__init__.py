"""How the small judge is made: labelled turns in, weights out (`make judge`). No part of what is installed."""
