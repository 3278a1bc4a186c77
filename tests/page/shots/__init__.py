"""`make shots`: screenshots of every view of the page on a real service with material that is hard to show well."""
