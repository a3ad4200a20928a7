"""Setting an object up: what is found, what is asked, and the steps that go on after a power cut."""
