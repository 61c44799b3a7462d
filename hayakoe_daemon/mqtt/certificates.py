"""The certificates by which TLS with the broker goes."""

from __future__ import annotations

import ssl

from hayakoe_daemon.mqtt.link import TlsFiles
from hayakoe_daemon.mqtt.trouble import NotReady


def new_context() -> ssl.SSLContext:
    """For all connections of a client, without certificates yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Certificates that people make at home often lack what Python 3.13 began to insist on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def load(files: TlsFiles, context: ssl.SSLContext) -> None:
    """As the files are now. Raises NotReady, which names the one that cannot be used."""
    file = files.ca_file
    try:
        if files.ca_file is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(files.ca_file)
        if files.cert_file is not None:
            file = files.cert_file
            # Without a password a locked key would be asked for at the terminal.
            context.load_cert_chain(files.cert_file, files.key_file, password="")
    except OSError as error:
        why = error.strerror if not isinstance(error, ssl.SSLError) else "it holds no usable PEM certificate or key"
        raise NotReady(f"the TLS file {file} cannot be used: {why}") from error
