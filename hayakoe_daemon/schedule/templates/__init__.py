"""Templates: texts with values in them. The only room that knows Jinja2, and what of it may be used here."""
