"""Adapter versions as files: verified before they are served, exported for other tools."""
