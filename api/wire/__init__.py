"""Formats on the wire: forms, uploads, JSON Lines, other servers' protocols."""
