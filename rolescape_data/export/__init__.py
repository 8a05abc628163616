"""Accepted records -> the forms that trainers read."""
