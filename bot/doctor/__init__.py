"""`unspoken doctor`: looks at everything the bot needs, changes nothing, and says of each whether it is well."""
