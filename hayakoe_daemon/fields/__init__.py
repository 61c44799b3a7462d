"""Fields that people write, in the config and in messages: what each may be, and what is told where it is not."""
