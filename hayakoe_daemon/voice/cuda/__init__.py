"""A voice's networks on a graphics card: what one gives the next never leaves it."""
