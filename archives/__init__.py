"""Bounded streaming reader of zip and tar archives that anybody may have sent."""
