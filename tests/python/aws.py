"""Calls to AWS's APIs, signed, with nothing but Python's own library: for the tier's stack and for its function."""

import datetime
import hashlib
import hmac
import http.client
import json
import urllib.parse

REGION = "us-east-1"


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body.decode(errors='replace')}")
        self.status = status


class Client:
    """One endpoint, one set of credentials, one connection."""

    def __init__(self, address, key, secret, token=None):
        self.address, self.key, self.secret, self.token = address, key, secret, token
        self.connection = http.client.HTTPConnection(address, timeout=30)

    def call(self, service, method, path, body=b"", headers=None):
        """Answers the body of a call that succeeds; raises Refused for any other."""
        headers = self._signed(service, method, path, body, headers or {})
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.HTTPException, ConnectionError):
            # A connection that was kept may have been closed meanwhile.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise Refused(response.status, answer)
        return answer

    def json(self, service, target, document):
        """A call of a service that goes by X-Amz-Target."""
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        answer = self.call(service, "POST", "/", json.dumps(document).encode(), headers)
        return json.loads(answer) if answer else {}

    def rest(self, service, method, path, document=None):
        """A call of a service that goes by method and path."""
        body = b"" if document is None else json.dumps(document).encode()
        answer = self.call(service, method, path, body, {"content-type": "application/json"})
        return json.loads(answer) if answer else {}

    def form(self, service, version, action, **fields):
        """A call of a service that speaks the Query protocol."""
        body = urllib.parse.urlencode({"Action": action, "Version": version, **fields}).encode()
        return self.call(service, "POST", "/", body, {"content-type": "application/x-www-form-urlencoded"})

    def _signed(self, service, method, path, body, headers):
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        headers = {**headers, "host": self.address, "x-amz-date": stamp}
        if self.token:
            headers["x-amz-security-token"] = self.token
        names = ";".join(sorted(headers))
        canonical = "\n".join(
            [method, urllib.parse.quote(path), ""]
            + [f"{name}:{headers[name]}" for name in sorted(headers)]
            + ["", names, hashlib.sha256(body).hexdigest()]
        )
        scope = f"{day}/{REGION}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret}".encode()
        for part in (day, REGION, service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return headers
