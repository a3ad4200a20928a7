"""A trial sale: the object sells from its sensors to its receipt, and nothing of it is left afterwards."""
