"""A provider of identities on this machine, for tests: OpenID Connect with one person, who is asked nothing."""

import http.server
import json
import threading
import time
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


class Provider:
    """It says yes to everybody who is sent to it: `person` (sub, name, email) has signed in."""

    def __init__(self, **person):
        self.person, self.nonces, self.clients = person, {}, []
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                address = urlsplit(self.path)
                if address.path == "/authorize":
                    return self._reply(302, {}, Location=provider.agree(parse_qs(address.query)))
                return self._reply(200, provider.discovery() if "well-known" in self.path else provider.keys())

            def do_POST(self):
                sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._reply(200, provider.token(sent["code"][0]))

            def _reply(self, status, content, **headers):
                body = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def discovery(self):
        """Where everything is."""
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        about = {"issuer": self.url, "id_token_signing_alg_values_supported": ["RS256"]}
        return about | {name: f"{self.url}/{place}" for name, place in places.items()}

    def keys(self):
        """What its signature is checked with."""
        return {"keys": [self.key.as_dict(private=False)]}

    def agree(self, asked):
        """Where somebody who has signed in is sent back to."""
        code = f"code-{len(self.nonces)}"
        self.nonces[code] = (asked["nonce"][0], asked["client_id"][0])
        return f"{asked['redirect_uri'][0]}?{urlencode({'code': code, 'state': asked['state'][0]})}"

    def token(self, code):
        """Who it was, signed."""
        nonce, client = self.nonces[code]
        now = int(time.time())
        claims = {"iss": self.url, "aud": client, "nonce": nonce, "iat": now, "exp": now + 600} | self.person
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": signed}

    def close(self):
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
