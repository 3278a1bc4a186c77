"""Backups of a store in a bucket: each is whole, all share the files that are the same."""
