"""The local cloud: start it, deploy the stacks to it, open a program, play its story."""
