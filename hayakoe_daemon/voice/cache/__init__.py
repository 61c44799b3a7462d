"""Rendered speech on disk, so that what was said before is said again at once, without a model."""
