"""English statements taken apart and turned into questions, without a parser model."""
