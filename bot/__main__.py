"""`python -m bot` is the program `unspoken`."""

from bot.cli import main

main()
