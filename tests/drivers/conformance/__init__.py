"""The conformance battery: what every driver must do, shown on what its device is known to say."""
