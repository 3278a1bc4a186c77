"""Model card: the README and the model card of an exported model, as Markdown."""
