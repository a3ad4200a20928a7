"""What is told of the health of objects and hubs: numbers, logs, alerts, pages."""
