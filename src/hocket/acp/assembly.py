"""Assembly: what a message is, once all its chunks are there (spec section 4, "Assembled message")."""
