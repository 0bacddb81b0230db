"""What must not pass for a signature."""

import base64
import hmac
import importlib
import subprocess
import sys
from email.utils import formatdate

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA512
from hypothesis import given, settings
from hypothesis import strategies as st

from federation import cavage
from federation.signatures import SignatureInvalid, read, verify
from tests import peer_signing
from tests.federation.handmade import BODY, COVERED, HOST, HOUR, KEY_ID, check, key, refuses, request
from tests.peer_actor import public_pem
from tests.towns import SPRING_MORNING


def _verifier() -> type:
    """The verifier of httpsig, with the crypto that `federation.cavage` never loads."""
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "httpsig"}
    try:
        with cavage._standing_in(cavage._no_resources()):
            return importlib.import_module("httpsig.verify").HeaderVerifier
    finally:
        for name in [each for each in sys.modules if each.partition(".")[0] == "httpsig"]:
            del sys.modules[name]
        sys.modules.update(loaded)


class TestForgeries:
    def test_hmac_keyed_with_the_public_key(self):
        """What the verifier of httpsig believes: the algorithm of the request, with the key that everybody has."""
        pem = public_pem(key()).encode()
        sent = request(algorithm="hmac-sha256")
        text = peer_signing.message(COVERED, dict(sent), {}, "POST", "/inbox")
        for secret in (pem, pem.strip()):
            forged = base64.b64encode(hmac.digest(secret, text.encode(), "sha256")).decode()
            for algorithm in ("hmac-sha256", "HMAC-SHA256", "hs2019", "rsa-sha256", None):
                said = f'keyId="{KEY_ID}",headers="{COVERED}",signature="{forged}"'
                sent["signature"] = said + (f',algorithm="{algorithm}"' if algorithm else "")
                refuses(sent)

    def test_httpsig_itself_would_have_believed_it(self):
        """Why its verifier is never used."""
        pem = public_pem(key()).encode()
        sent = request(algorithm="hmac-sha256")
        text = peer_signing.message(COVERED, dict(sent), {}, "POST", "/inbox")
        forged = base64.b64encode(hmac.digest(pem, text.encode(), "sha256")).decode()
        said = f'Signature keyId="{KEY_ID}",algorithm="hmac-sha256",headers="{COVERED}",signature="{forged}"'
        verifier = _verifier()({**sent, "authorization": said}, pem, method="POST", path="/inbox")
        assert verifier.verify()

    def test_the_crypto_of_httpsig_is_not_even_loaded(self):
        seen = "import sys; from federation import cavage; print([n for n in sys.modules if n.startswith('Crypto')])"
        assert subprocess.run([sys.executable, "-c", seen], check=True, capture_output=True, text=True).stdout == "[]\n"

    def test_another_key(self):
        signed = read("POST", "/inbox", request(), BODY, host=HOST, now=SPRING_MORNING)
        with pytest.raises(SignatureInvalid, match="does not hold"):
            verify(signed, key(1).public_key())

    def test_keys_of_other_kinds(self):
        signed = read("POST", "/inbox", request(algorithm="hs2019"), BODY, host=HOST, now=SPRING_MORNING)
        for other in (ed25519.Ed25519PrivateKey.generate().public_key(), key(), b"secret", None):
            with pytest.raises(SignatureInvalid, match="kind"):
                verify(signed, other)

    def test_other_paddings_and_hashes(self):
        sent = request(algorithm="hs2019")
        text = peer_signing.message(COVERED, dict(sent), {}, "POST", "/inbox").encode()
        pss = PSS(MGF1(SHA512()), PSS.MAX_LENGTH)
        for padding, algorithm in ((pss, SHA512()), (PKCS1v15(), SHA1())):
            other = base64.b64encode(key().sign(text, padding, algorithm)).decode()
            sent["signature"] = f'keyId="{KEY_ID}",algorithm="hs2019",headers="{COVERED}",signature="{other}"'
            assert "does not hold" in refuses(sent)

    @pytest.mark.parametrize("algorithm", ["rsa-sha1", "rsa-sha512", "hmac-sha512", "none", "", "ed25519"])
    def test_other_algorithms(self, algorithm):
        assert "not taken" in refuses(request(algorithm=algorithm))


class TestRefusals:
    def test_unsigned(self):
        sent = request()
        del sent["signature"]
        assert "no signature" in refuses(sent)

    def test_a_signature_input_beside_a_signature_of_the_older_form(self):
        """Which form it is, one header tells: nobody chooses the weaker one for us."""
        sent = request()
        sent["Signature-Input"] = 'sig1=("@method");created=1'
        assert "cannot be read" in refuses(sent)

    def test_a_changed_body(self):
        assert "digest" in refuses(request(), BODY + b" ")

    def test_a_changed_path_method_or_header(self):
        assert "does not hold" in refuses(request(), path="/users/x/inbox")
        assert "does not hold" in refuses(request(), path="/inbox2?")
        sent = request()
        signed = read("PUT", "/inbox", sent, BODY, host=HOST, now=SPRING_MORNING)
        with pytest.raises(SignatureInvalid):
            verify(signed, key().public_key())
        sent["date"] = formatdate(SPRING_MORNING / 1000 + 1, usegmt=True)
        assert "does not hold" in refuses(sent)

    @pytest.mark.parametrize(
        "names",
        [
            "host date digest",
            "(request-target) date digest",
            "(request-target) host digest",
            "(request-target) host date",
        ],
    )
    def test_too_little_covered(self, names):
        assert "does not cover" in refuses(request(names=names)) or "no time" in refuses(request(names=names))

    def test_no_list_of_headers_at_all(self):
        sent = request()
        sent["signature"] = sent["signature"].replace(f'headers="{COVERED}",', "")
        assert "does not cover" in refuses(sent)

    def test_a_body_without_a_digest(self):
        assert "digest" in refuses(request(headers={"digest": ""}))
        assert "digest" in refuses(request(headers={"digest": "MD5=abc"}))
        assert "digest" in refuses(request(headers={"digest": peer_signing.digest(BODY) + ",SHA-256=AAAA"}))

    def test_a_digest_is_needed_even_for_an_empty_post(self):
        sent = request(names="(request-target) host date", body=b"")
        assert "digest" in refuses(sent, b"")

    @pytest.mark.parametrize("distance", [HOUR + 1000, -HOUR - 1000, 30 * 24 * HOUR])
    def test_too_old_or_too_new(self, distance):
        assert "hour" in refuses(request(now=SPRING_MORNING + distance))

    @pytest.mark.parametrize(
        "date", ["2026-04-01T00:00:00Z", "", "yesterday", "Wed, 99 Apr 2026 00:00:00 GMT", "0"]
    )
    def test_dates_that_are_none(self, date):
        assert "ate" in refuses(request(headers={"date": date}))

    def test_created_too_far_away(self):
        for distance in (HOUR + 1000, -HOUR - 1000):
            created = str((SPRING_MORNING + distance) // 1000)
            names = "(request-target) host (created) digest"
            sent = request(names=names, algorithm="hs2019", parameters={"created": created})
            assert "hour" in refuses(sent)

    def test_expired(self):
        now = SPRING_MORNING // 1000
        parameters = {"created": str(now - 600), "expires": str(now - 300)}
        names = "(request-target) host (created) (expires) digest"
        assert "expired" in refuses(request(names=names, algorithm="hs2019", parameters=parameters))

    def test_created_that_is_covered_but_not_said(self):
        names = "(request-target) host (created) digest"
        sent = request(names=names, algorithm="hs2019", headers={"(created)": "1"})
        assert "(created)" in refuses(sent)

    def test_created_belongs_to_hs2019(self):
        now = str(SPRING_MORNING // 1000)
        names = "(request-target) host (created) digest"
        assert "hs2019" in refuses(request(names=names, parameters={"created": now}))

    @pytest.mark.parametrize("created", ["soon", "-1", "1e9", "1775001600.5", "9" * 40, "٣"])
    def test_created_that_is_no_number(self, created):
        names = "(request-target) host (created) digest"
        sent = request(names=names, algorithm="hs2019", parameters={"created": created})
        assert "number" in refuses(sent)

    def test_signed_for_another_host(self):
        assert "another host" in refuses(request(headers={"host": "kawabe.example"}))
        assert "another host" in refuses(request(headers={"host": f"{HOST}:8080"}))
        assert "another host" in refuses(request(), host="minato.example:8080")

    @pytest.mark.parametrize("name", ["host", "date", "signature"])
    def test_headers_that_must_stand_once(self, name):
        sent = request()
        sent.add(name, sent[name])
        assert "twice" in refuses(sent)

    @pytest.mark.parametrize(
        "extra", ['keyId="x"', 'KEYID="x"', 'headers="date"', 'signature="AA=="', 'algorithm="x"']
    )
    def test_parameters_that_stand_twice(self, extra):
        for said in (f"{request()['signature']},{extra}", f"{extra},{request()['signature']}"):
            sent = request()
            sent["signature"] = said
            assert "twice" in refuses(sent)

    def test_names_that_are_listed_twice(self):
        assert "twice" in refuses(request(names=f"{COVERED} Host"))

    def test_quotes_cannot_be_escaped(self):
        sent = request(key_id='x\\",algorithm=\\"y')
        assert "cannot be read" in refuses(sent)

    def test_something_listed_that_is_not_there(self):
        sent = request(names=f"{COVERED} x-gone", headers={"x-gone": "1"})
        del sent["x-gone"]
        assert "x-gone" in refuses(sent)

    @pytest.mark.parametrize("junk", ["", "???", "AAA", "AA==AA==", "=", "AAAA\u3042", "AA AA", "-_-_"])
    def test_junk_for_base64(self, junk):
        sent = request()
        start = sent["signature"].partition('signature="')[0]
        sent["signature"] = f'{start}signature="{junk}"'
        refuses(sent)

    @pytest.mark.parametrize(
        "junk", ["x", "=", ",,,", '"', 'keyId="', "Signature", "keyId=x", "a" * 10_000, "\x00"]
    )
    def test_junk_for_a_header(self, junk):
        sent = request()
        sent["signature"] = junk
        refuses(sent)

    @given(st.text(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_no_header_makes_it_stumble(self, junk):
        sent = dict(request())
        for spoiled in (
            junk,
            sent["signature"] + junk,
            sent["signature"][:50] + junk,
            f"{sent['signature']},{junk}",
        ):
            try:
                check({**sent, "signature": spoiled})
            except SignatureInvalid:
                continue

    @given(st.dictionaries(st.sampled_from(["host", "date", "digest", "x"]), st.text(max_size=50)))
    @settings(max_examples=100, deadline=None)
    def test_no_value_makes_it_stumble(self, junk):
        try:
            check({**request(names=f"{COVERED} x", headers={"x": "1"}), **junk})
        except SignatureInvalid:
            return
