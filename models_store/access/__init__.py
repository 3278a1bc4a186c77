"""Keys: who may do what, and what became of them."""
