"""Classes and assignments: rules, leaderboard, progress."""
