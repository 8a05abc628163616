"""Reviews of answers: rubrics, the judge's score grammar, and the tables made from scores."""
