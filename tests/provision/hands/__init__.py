"""What an installer does with their hands: calibrate, pair, identify, try a sale, ask for support."""
