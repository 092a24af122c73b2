"""Many machines at once: an inventory, the engine of Ansible, this tool on every host."""
