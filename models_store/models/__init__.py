"""Published models and which of them serves."""
