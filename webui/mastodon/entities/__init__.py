"""What apps are shown, one module per entity of the client API, each with the loads it needs."""
