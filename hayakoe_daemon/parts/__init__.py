"""The parts of the house, group by group: each is built from the config, and from the groups that it has to do with."""
