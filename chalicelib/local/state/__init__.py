"""What outlives the process: moto's state in a data directory, sealed and fsynced before it is acknowledged."""
