"""Unspoken: an anonymous guide in Telegram for questions people can ask nobody."""

__version__ = "0.1.0"
