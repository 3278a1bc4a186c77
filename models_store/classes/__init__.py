"""Classes: a teacher, and students with a key each."""
