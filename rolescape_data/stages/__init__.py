"""Stages: typed records in, typed records out. What they need is passed in; they know no paths."""
