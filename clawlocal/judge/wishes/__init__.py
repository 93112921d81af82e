"""From a user's own words to directives, by rule: wishes, and complaints of what a reply has or lacks.

Precision goes before all: what a rule does not understand is left to the network (`clawlocal.judge.small`). English.
"""

from clawlocal.judge.wishes.found import directive as directive
