"""Setting an object up: answers, what is found, steps, and the command as a person and a program meet it."""
