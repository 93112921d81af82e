"""What the actions of the chat do: one function each, `(screen, argument)`.

The screens are imported where they are opened: they are built from the registry that lists these functions.
"""
