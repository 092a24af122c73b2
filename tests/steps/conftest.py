"""What the tests of the steps share."""

from tests.hub.fixtures import client_python, hub, model_folder

__all__ = ["client_python", "hub", "model_folder"]
