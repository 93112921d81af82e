"""`python -m clawlocal` is `clawlocal`."""

from clawlocal.cli import main

main()
