"""A voice for Japanese homes: announcements in over MQTT, spoken Japanese out through ALSA."""

__version__ = "0.2.0"
