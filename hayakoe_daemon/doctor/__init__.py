"""What is well with this machine and its daemon and what is not: one small file for each thing that is looked at."""
