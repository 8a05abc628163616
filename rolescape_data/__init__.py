"""RoleScape data factory: raw pictures and notes about a character in, checked training data out."""

__version__ = "0.1.0"
