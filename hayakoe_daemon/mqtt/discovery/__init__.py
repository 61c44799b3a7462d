"""What Home Assistant is told of this device, so that it needs nothing configured by hand: documents, as plain dicts.

`names` says what everything is called, `parts` what each entity is, `documents` how they are sent.
"""
