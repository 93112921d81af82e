"""The terminal interface. It speaks to `clawlocal.assistant` and to nothing below it."""
