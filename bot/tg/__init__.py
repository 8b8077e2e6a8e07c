"""Telegram: the only folder, with app.py, that imports the library."""
