"""The configuration: one YAML file in, frozen values out, every mistake told at once."""

from hayakoe_daemon.config.errors import ConfigError, Problem
from hayakoe_daemon.config.find import find
from hayakoe_daemon.config.load import load
from hayakoe_daemon.config.model import Audio, Config, Control, Mqtt, Queue, Speech, Tls
from hayakoe_daemon.config.places import control_socket, find_control_socket, state_dir
from hayakoe_daemon.config.restart import needs_restart
from hayakoe_daemon.config.secret import PasswordError, password_reader

__all__ = [
    "Audio",
    "Config",
    "ConfigError",
    "Control",
    "Mqtt",
    "PasswordError",
    "Problem",
    "Queue",
    "Speech",
    "Tls",
    "control_socket",
    "find",
    "find_control_socket",
    "load",
    "needs_restart",
    "password_reader",
    "state_dir",
]
