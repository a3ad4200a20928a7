"""A simulated nexo terminal, tried by tills that share no code with it."""
