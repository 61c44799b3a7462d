"""Voice files on disk: three layouts, told apart by looking, and the folder in which voices are kept."""
