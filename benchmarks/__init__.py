"""Speed and size as ratios within one run: `make bench`, or `python -m benchmarks decide` for one of them.

A figure in seconds says more about the machine than about the program, so each speed is told beside the same server
answering a constant, both measured in turns, per CPU-second of the server. It needs Linux: CPU time and memory are
read from /proc. Each takes a minute or two, `scale` about eight.

Other programs on the same machine change no ratio much, and every latency: `nice -n -15 make bench`, as root, keeps
them away.
"""
