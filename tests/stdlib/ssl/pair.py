"""What the tests of ssl share: contexts of the certificates in tests/certificates, and two ends that
talk through MemoryBIOs."""
import os
import ssl

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../certificates")


def pem(name):
    return os.path.join(FOLDER, name if "." in name else name + ".pem")


def server_context(certificate="server"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem(certificate))
    return context


def client_context(authority="authority"):
    return ssl.create_default_context(cafile=pem(authority))


def text(error):
    """The text of an SSLError without the line of CPython's source."""
    return str(error).split(" (_ssl.c")[0]


class Pair:
    def __init__(self, client=None, server=None, name="localhost", session=None):
        self.to_client, self.to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = (client or client_context()).wrap_bio(
            self.to_client, self.to_server, server_hostname=name, session=session)
        self.server = (server or server_context()).wrap_bio(self.to_server, self.to_client, True)

    @staticmethod
    def turns(*calls):
        """Make each call until none has to wait; the results."""
        results = {}
        while len(results) < len(calls):
            for call in calls:
                if call not in results:
                    try:
                        results[call] = call()
                    except ssl.SSLWantReadError:
                        pass
        return [results[call] for call in calls]

    def handshake(self):
        self.turns(self.client.do_handshake, self.server.do_handshake)
        return self

    def echo(self):
        """Some bytes there and back: TLS 1.3 sends tickets and late certificates with them."""
        self.client.write(b"ping")
        self.turns(lambda: self.server.read(4))
        self.server.write(b"pong")
        return self.turns(lambda: self.client.read(4))[0]

    def refusal(self):
        """What the handshake fails of, at the client and, if it does, at the server."""
        errors = []
        for _ in range(3):
            for end in self.client, self.server:
                try:
                    end.do_handshake()
                    if end is self.server:
                        end.read()
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError as error:
                    errors.append(error)
                    if len(errors) == 2:
                        return errors
        return errors
