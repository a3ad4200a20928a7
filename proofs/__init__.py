"""What we promise, tried in worlds that a seed decides: real rooms, simulated time, a broker that lies."""
