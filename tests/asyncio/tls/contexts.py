"""What the tests of TLS in asyncio share: contexts of the certificates in tests/certificates."""
import os
import ssl

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../certificates")


def pem(name):
    return os.path.join(FOLDER, name + ".pem")


def server_context(certificate="server"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem(certificate))
    return context


def client_context():
    return ssl.create_default_context(cafile=pem("authority"))


def text(error):
    """The text of an SSLError without the line of CPython's source."""
    return str(error).split(" (_ssl.c")[0]


def port_of(server):
    return server.sockets[0].getsockname()[1]
