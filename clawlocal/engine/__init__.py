"""Serving: one quantised model on this machine, behind the `Engine` protocol.

Importing this package loads neither llama.cpp nor numpy; `llamacpp.LlamaEngine` does so when it opens.
"""
