"""A set made elsewhere -> what is wrong with it, counted, and a mended copy where no writer is needed."""
