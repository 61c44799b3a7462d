"""Graphs turned into what runs best on this machine: taken apart, rewritten, checked, saved ready to be mapped."""
