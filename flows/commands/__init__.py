"""The commands of `rolescape`, by what they are for. To add one: a function here, in the file of its noun."""
