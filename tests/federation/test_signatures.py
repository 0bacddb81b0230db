"""Draft-cavage signatures: what we send, and what others send us."""

import base64
import hashlib
import sys
from email.utils import formatdate

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from federation import cavage
from federation.signatures import sign_request
from tests import peer_signing
from tests.federation.handmade import BODY, COVERED, HOST, HOUR, INBOX, KEY_ID, check, key, refuses, request
from tests.peer_signing import STYLES
from tests.towns import SPRING_MORNING


class TestSending:
    def test_what_we_sign_is_what_the_strictest_readers_want(self):
        sent = sign_request(
            "POST", INBOX, {"Content-Type": "x"}, BODY, key_id=KEY_ID, private_key=key(), now=SPRING_MORNING
        )
        assert sent["Content-Type"] == "x"
        assert sent["Host"] == HOST
        assert sent["Date"] == "Wed, 01 Apr 2026 00:00:00 GMT"
        assert sent["Signature"].startswith(
            f'keyId="{KEY_ID}",algorithm="rsa-sha256",headers="{COVERED}",signature="'
        )
        found = peer_signing.read_strictly("POST", "/inbox", sent, BODY)
        peer_signing.check("POST", "/inbox", sent, found, key().public_key())

    def test_a_get_signs_no_body_and_keeps_its_query(self):
        url = "https://minato.example:8443/users/a%2Fb?page=1&x=%E3%81%82"
        sent = sign_request("GET", url, {}, None, key_id=KEY_ID, private_key=key(), now=SPRING_MORNING)
        assert "Digest" not in sent
        assert sent["Host"] == "minato.example:8443"
        found = peer_signing.read_strictly("GET", "/", sent, None)
        peer_signing.check("GET", "/users/a%2Fb?page=1&x=%E3%81%82", sent, found, key().public_key())

    def test_the_query_can_be_left_out(self):
        sent = sign_request(
            "GET",
            INBOX + "?a=1",
            {},
            None,
            key_id=KEY_ID,
            private_key=key(),
            now=SPRING_MORNING,
            with_query=False,
        )
        found = peer_signing.read_strictly("GET", "/", sent, None)
        peer_signing.check("GET", "/inbox", sent, found, key().public_key())

    def test_a_default_port_is_no_part_of_the_host(self):
        for url in ("https://minato.example:443/inbox", "http://minato.example:80/inbox"):
            sent = sign_request("GET", url, {}, None, key_id=KEY_ID, private_key=key(), now=SPRING_MORNING)
            assert sent["Host"] == HOST

    def test_percent_signs_in_a_key_id_are_kept(self):
        key_id = "https://yamate.example/users/%E8%8A%B1%s%d#main-key"
        sent = sign_request("POST", INBOX, {}, BODY, key_id=key_id, private_key=key(), now=SPRING_MORNING)
        assert check(sent) == key_id

    def test_a_key_id_cannot_break_out_of_its_quotes(self):
        with pytest.raises(ValueError, match="x"):
            sign_request(
                "POST", INBOX, {}, BODY, key_id='x",algorithm="y', private_key=key(), now=SPRING_MORNING
            )

    def test_our_own_signature_passes_our_own_reading(self):
        sent = sign_request("POST", INBOX, {}, BODY, key_id=KEY_ID, private_key=key(), now=SPRING_MORNING)
        assert check(sent) == KEY_ID


class TestWhatOthersSend:
    @pytest.mark.parametrize("software", sorted(STYLES))
    def test_posts(self, software):
        sent = peer_signing.signed_headers(
            software, "POST", INBOX, BODY, key_id=KEY_ID, key=key(), now=SPRING_MORNING
        )
        sent["content-length"] = str(len(BODY))
        assert check(sent) == KEY_ID

    @pytest.mark.parametrize("software", sorted(STYLES))
    def test_gets_with_a_query(self, software):
        url = f"https://{HOST}/posts/1/replies?page=1"
        sent = peer_signing.signed_headers(
            software, "GET", url, None, key_id=KEY_ID, key=key(), now=SPRING_MORNING
        )
        assert check(sent, None, path="/posts/1/replies?page=1") == KEY_ID

    def test_hs2019_means_sha256_or_sha512(self):
        assert check(request(algorithm="hs2019")) == KEY_ID
        assert check(request(algorithm="hs2019", hash_with=SHA512)) == KEY_ID

    def test_a_missing_algorithm_means_the_same(self):
        assert check(request(algorithm=None)) == KEY_ID
        assert check(request(algorithm=None, hash_with=SHA512)) == KEY_ID

    def test_rsa_sha256_means_sha256_alone(self):
        assert "does not hold" in refuses(request(hash_with=SHA512))

    @pytest.mark.parametrize(
        "names", ["(Request-Target) Host Date Digest", "(REQUEST-TARGET) HOST DATE DIGEST"]
    )
    def test_upper_case_lists_of_headers(self, names):
        assert check(request(names=names)) == KEY_ID

    def test_created_and_expires(self):
        now = SPRING_MORNING // 1000
        parameters = {"created": str(now), "expires": str(now + 300)}
        names = "(request-target) host (created) (expires) digest"
        assert check(request(names=names, algorithm="hs2019", parameters=parameters)) == KEY_ID

    def test_created_without_quotes(self):
        now = str(SPRING_MORNING // 1000)
        sent = request(
            names="(request-target) host (created) digest", algorithm="hs2019", parameters={"created": now}
        )
        sent["signature"] = sent["signature"].replace(f'"{now}"', now)
        assert check(sent) == KEY_ID

    def test_values_that_are_not_ascii(self):
        assert check(request(names=f"{COVERED} x-town", headers={"x-town": "みなと町"})) == KEY_ID
        assert check(request(path="/tags/労災", names=COVERED), path="/tags/労災") == KEY_ID

    def test_bytes_that_are_not_even_utf8(self):
        raw = b"caf\xe9"
        fields = {"host": HOST, "date": formatdate(SPRING_MORNING / 1000, usegmt=True)}
        fields["digest"] = peer_signing.digest(BODY)
        text = f"(request-target): post /inbox\nhost: {HOST}\ndate: {fields['date']}\ndigest: {fields['digest']}\n"
        signature = key().sign(text.encode() + b"x-town: " + raw, PKCS1v15(), SHA256())
        fields["x-town"] = raw.decode("utf-8", "surrogateescape")  # as aiohttp hands it over
        fields["signature"] = (
            f'keyId="{KEY_ID}",headers="{COVERED} x-town",signature="{base64.b64encode(signature).decode()}"'
        )
        assert check(fields) == KEY_ID

    def test_repeated_headers_are_joined_in_order(self):
        sent = request(names=f"{COVERED} x-note", headers={"x-note": "one, two"})
        del sent["x-note"]
        sent.add("X-Note", "one")
        sent.add("x-note", " two ")
        assert check(sent) == KEY_ID

    def test_several_digests(self):
        both = (
            f"SHA-512={base64.b64encode(hashlib.sha512(BODY).digest()).decode()},{peer_signing.digest(BODY)}"
        )
        assert check(request(headers={"digest": both})) == KEY_ID
        lower = peer_signing.digest(BODY).replace("SHA", "sha")
        assert check(request(headers={"digest": lower})) == KEY_ID

    def test_a_percent_sign_in_the_key_id(self):
        key_id = "https://yamate.example/users/%E8%8A%B1%s#main-key"
        assert check(request(key_id=key_id)) == key_id

    def test_a_host_with_its_default_port(self):
        assert check(request(headers={"host": f"{HOST}:443"})) == KEY_ID
        assert check(request(headers={"host": "Minato.Example"})) == KEY_ID

    def test_a_query_that_was_signed_and_one_that_was_not(self):
        assert check(request(path="/inbox?a=1"), path="/inbox?a=1") == KEY_ID
        assert check(request(path="/inbox?a=1", signed_path="/inbox"), path="/inbox?a=1") == KEY_ID

    def test_an_hour_of_difference(self):
        for moment in (SPRING_MORNING - HOUR, SPRING_MORNING + HOUR):
            assert check(request(now=moment)) == KEY_ID


def test_nothing_stays_of_what_stands_in_for_other_modules():
    before, crypto = object(), sys.modules.get("Crypto.Hash")
    sys.modules["pkg_resources"] = before  # type: ignore[assignment]
    try:
        with cavage._standing_in(cavage._no_resources(), *cavage._no_crypto()):
            assert sys.modules["pkg_resources"] is not before
            assert sys.modules["Crypto.Hash"].SHA256 is None
        assert sys.modules["pkg_resources"] is before
        assert sys.modules.get("Crypto.Hash") is crypto
    finally:
        del sys.modules["pkg_resources"]


# The key and the first vectors of draft-cavage-12, appendix C, made with SHA-256 (the draft prints no Host but this).
DRAFT_PUBLIC = b"""-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----"""
DRAFT_HEADERS = {
    "host": "example.com",
    "date": "Sun, 05 Jan 2014 21:31:40 GMT",
    "content-type": "application/json",
    "digest": "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
    "content-length": "18",
}


@pytest.mark.parametrize(
    ("names", "signature"),
    [
        (
            "date",
            (
                "SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7"
                "T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM="
            ),
        ),
        (
            "(request-target) host date",
            (
                "qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzi"
                "c+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0="
            ),
        ),
        (
            "(request-target) host date content-type digest content-length",
            (
                "vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+"
                "TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE="
            ),
        ),
    ],
)
def test_the_vectors_of_the_draft(names, signature):
    text = cavage.message(names.split(), DRAFT_HEADERS, method="POST", target="/foo?param=value&pet=dog")
    load_pem_public_key(DRAFT_PUBLIC).verify(base64.b64decode(signature), text, PKCS1v15(), SHA256())
