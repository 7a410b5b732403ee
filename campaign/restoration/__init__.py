"""Take a restored backup into use: end the access that came back to life, and show nothing until it is confirmed."""
