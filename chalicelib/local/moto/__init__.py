"""moto's AWS inside this process: for our own clients and the port's, mended where it falls short of AWS."""
