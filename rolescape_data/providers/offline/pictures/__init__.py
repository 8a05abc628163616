"""What is known of pictures -> annotations, open questions, four-option questions; nothing is seen here."""
