"""Other machines: which there are, what they may be sent, and the one way to them (`client`)."""
