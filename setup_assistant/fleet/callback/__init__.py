"""What runs inside Ansible; a folder of its own, since Ansible loads all that lies there."""
