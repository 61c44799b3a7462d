"""What texts know of the world outside: sources with a name, an age limit and a sentence for when they fail."""
