"""The screens: the chat, and the modals over it."""
