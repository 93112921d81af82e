"""The models that can be chatted with: which there are, where their files lie, whether they are whole."""

from clawlocal.models.catalog import Catalog, ModelEntry, Source
from clawlocal.models.files import locate, verify

__all__ = ["Catalog", "ModelEntry", "Source", "locate", "verify"]
