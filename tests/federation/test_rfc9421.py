"""HTTP Message Signatures (RFC 9421): the vectors of the RFC, what others send us, what we send."""

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from multidict import CIMultiDict

from federation import rfc9421, signatures
from federation.signatures import RFC9421, SignatureInvalid, sign_request
from federation.signed import joined
from tests import peer_rfc9421
from tests.federation.handmade import BODY, HOST, HOUR, INBOX, KEY_ID, key
from tests.federation.handmade_rfc9421 import EDWARDS, NOW, check, refuses, request
from tests.towns import SPRING_MORNING

# The keys of RFC 9421 B.1.1 and B.1.4, the request of B.2, the signature of B.2.6, and the request of §4.3 with its two.
RSA = load_pem_public_key(b"""-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----""")
ED25519 = load_pem_public_key(
    b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----"
)
TARGET = "/foo?param=Value&Pet=dog"
FIELDS = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "content-type": "application/json",
    "content-digest": "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
    "content-length": "18",
}
B26 = {
    "signature-input": (
        'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"'
    ),
    "signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
}
PROXIED = {
    "date": "Tue, 20 Apr 2021 02:07:56 GMT",
    "forwarded": "for=192.0.2.123;host=example.com;proto=https",
    "signature-input": (
        'sig1=("@method" "@authority" "@path" "content-digest" "content-type" "content-length");created=1618884475;keyid="test-key-ecc-p256"'
        ', proxy_sig=("@method" "@authority" "@path" "content-digest" "content-type" "content-length" "forwarded");created=1618884480'
        ';keyid="test-key-rsa";alg="rsa-v1_5-sha256";expires=1618884540'
    ),
    "signature": (
        "sig1=:X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp+kve2w4NIyqeAuM7jTDX+sNalzA8ESSaHD3A==:, "
        "proxy_sig=:S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+MjniOaYmdkDcnL9cCpXJleXsOckpURl49G"
        "wiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sFnIm9y+7X5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtf"
        "lzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93wUs/vfJvye+YuI87HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrswsE1w5o0LV/g==:"
    ),
}


class TestVectors:
    """The RFC's own requests cover less than we demand: here only the text that was signed is looked at."""

    def text(self, fields, number: int, host: str) -> tuple[bytes, bytes]:
        claim = list(rfc9421._claims(fields))[number]
        alg = claim.parameters.get("alg")
        message = rfc9421._Message("POST", f"https://{host}{TARGET}", fields)
        return claim.signature, rfc9421._text(rfc9421._READERS[alg], claim, message)

    def test_ed25519(self):
        ED25519.verify(*self.text(FIELDS | B26, 0, "example.com"))

    def test_rsa_beside_another_signature(self):
        signature, text = self.text(FIELDS | PROXIED, 1, "origin.host.internal.example")
        RSA.verify(signature, text, PKCS1v15(), SHA256())

    def test_the_digest(self):
        rfc9421._check_digest(FIELDS["content-digest"], b'{"hello": "world"}')


class TestWhatOthersSend:
    def test_as_mastodon_and_fedify_do(self):
        assert check(request()) == KEY_ID

    def test_by_an_ed25519_key(self):
        assert check(request(with_key=EDWARDS), by=EDWARDS.public_key()) == KEY_ID

    @pytest.mark.parametrize(("alg", "by"), [("rsa-v1_5-sha256", key()), ("ed25519", EDWARDS)])
    def test_with_its_algorithm_named(self, alg, by):
        sent = request(with_key=by, parameters={"alg": f'"{alg}"'})
        assert check(sent, by=by.public_key()) == KEY_ID

    @pytest.mark.parametrize(
        "names",
        [
            ("@target-uri", "@method", "content-digest"),
            ("@method", "@authority", "@path", "content-digest"),
            ("@method", "@authority", "@request-target", "content-digest"),
            ("@method", "@scheme", "@authority", "@path", "@query", "content-digest", "content-type", "date"),
            ("content-digest", "@method", "@target-uri", "host"),
        ],
    )
    def test_other_ways_to_cover_the_target(self, names):
        values = {"date": "Wed, 01 Apr 2026 00:00:00 GMT"} if "date" in names else {}
        sent = request(names=names, values=values)
        assert check(sent) == KEY_ID

    def test_gets(self):
        url = f"https://{HOST}/posts/1/replies?page=1&x=%E3%81%82"
        path = url.removeprefix(f"https://{HOST}")
        assert check(request(body=None, url=url), None, path=path) == KEY_ID
        names = ("@method", "@authority", "@path", "@query")
        assert check(request(body=None, url=url, names=names), None, path=path) == KEY_ID

    def test_several_signatures_of_which_one_covers_what_it_must(self):
        """A proxy's comes beside it; which one is taken does not depend on who stands first."""
        good, poor = (
            request(),
            request(names=("@method", "content-digest"), label="proxy", key_id="https://proxy.example/k"),
        )
        for first, second in ((good, poor), (poor, good)):
            sent = CIMultiDict(good)
            for name in ("signature-input", "signature"):
                sent[name] = f"{first[name]}, {second[name]}"
            assert check(sent) == KEY_ID

    def test_two_header_lines_are_one_dictionary(self):
        good, poor = request(), request(names=("@method",), label="proxy")
        sent = CIMultiDict(good)
        sent.add("Signature-Input", poor["signature-input"])
        sent["signature"] = f"{good['signature']}, {poor['signature']}"
        assert check(sent) == KEY_ID

    def test_both_digests(self):
        both = f"{peer_rfc9421.digest(BODY)}, {peer_rfc9421.digest(BODY, 'sha-512')}"
        assert check(request(values={"content-digest": both})) == KEY_ID

    def test_a_town_on_a_port_over_http(self):
        url = "http://localhost:3000/inbox"
        assert check(request(url=url), host="localhost:3000", scheme="http") == KEY_ID

    @pytest.mark.parametrize("distance", [HOUR, -HOUR])
    def test_an_hour_of_difference(self, distance):
        assert check(request(now=SPRING_MORNING + distance)) == KEY_ID

    def test_nonce_and_tag_and_a_long_life(self):
        more = {"nonce": '"x"', "tag": '"activitypub"', "expires": str(NOW + 30 * 86_400)}
        assert check(request(parameters=more)) == KEY_ID

    def test_a_long_life_does_not_widen_the_window(self):
        sent = request(now=SPRING_MORNING - HOUR - 1000, parameters={"expires": str(NOW + 86_400)})
        assert "hour" in refuses(sent)


class TestSending:
    def sent(self, method="POST", url=INBOX, body=BODY, **more):
        signing = {"key_id": KEY_ID, "private_key": key(), "now": SPRING_MORNING} | more
        return CIMultiDict(sign_request(method, url, {"Content-Type": "x"}, body, form=RFC9421, **signing))

    def test_what_we_sign_is_what_another_reader_wants(self):
        sent = self.sent()
        assert sent["Signature-Input"] == (
            f'sig1=("@method" "@target-uri" "content-digest");created={NOW};keyid="{KEY_ID}"'
        )
        assert sent["Host"] == HOST
        assert sent["Content-Type"] == "x"
        peer_rfc9421.check("POST", INBOX, sent, BODY, key().public_key())

    def test_a_get_keeps_its_query(self):
        url = "https://minato.example:8443/users/a%2Fb?page=1&x=%E3%81%82"
        sent = self.sent("GET", url, None)
        assert "Content-Digest" not in sent
        peer_rfc9421.check("GET", url, sent, None, key().public_key())

    def test_our_own_signature_passes_our_own_reading(self):
        assert check(self.sent()) == KEY_ID

    @pytest.mark.parametrize("key_id", ['x";alg="y', "x\\", "x\n", "é"])
    def test_a_key_id_cannot_break_out_of_its_quotes(self, key_id):
        with pytest.raises(ValueError, match=r"x|é"):
            self.sent(key_id=key_id)


def test_the_key_that_a_request_claims():
    assert signatures.claimed_key(request()) == KEY_ID
    with pytest.raises(SignatureInvalid):
        signatures.claimed_key({"signature-input": "x", "signature": "y"})
    assert joined({"A": " 1 ", "a": "2"}) == {"a": "1, 2"}
