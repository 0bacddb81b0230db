"""HTTP Message Signatures (RFC 9421): the vectors of the RFC, what others send us, what must not pass, what we send."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from federation import rfc9421, signatures
from federation.signatures import RFC9421, SignatureInvalid, SignedRequest, read, sign_request, verify
from federation.signed import joined
from tests import peer_rfc9421
from tests.federation.handmade import BODY, HOST, HOUR, INBOX, KEY_ID, key
from tests.peer_rfc9421 import signed_headers
from tests.towns import SPRING_MORNING

EDWARDS = Ed25519PrivateKey.generate()
NOW = SPRING_MORNING // 1000


def request(
    *, body=BODY, url=INBOX, with_key=None, now=SPRING_MORNING, key_id=KEY_ID, **more
) -> CIMultiDict[str]:
    method = "POST" if body is not None else "GET"
    return CIMultiDict(
        signed_headers(method, url, body, key_id=key_id, key=with_key or key(), now=now, **more)
    )


def taken_in(
    headers, body=BODY, *, path="/inbox", now=SPRING_MORNING, host=HOST, scheme="https"
) -> SignedRequest:
    method = "POST" if body is not None else "GET"
    return read(method, path, headers, body, host=host, scheme=scheme, now=now)


def check(headers, body=BODY, *, by=None, **where) -> str:
    signed = taken_in(headers, body, **where)
    verify(signed, by or key().public_key())
    return signed.key_id


def refuses(headers, body=BODY, **where) -> str:
    with pytest.raises(SignatureInvalid) as caught:
        check(headers, body, **where)
    return str(caught.value)


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


class TestRefusals:
    def test_a_changed_body(self):
        assert "digest" in refuses(request(), BODY + b" ")

    def test_a_changed_digest(self):
        assert "does not hold" in refuses(
            dict(request()) | {"content-digest": peer_rfc9421.digest(b"x")}, b"x"
        )

    def test_a_changed_method_path_query_or_host(self):
        assert "does not hold" in refuses(request(), path="/users/x/inbox")
        assert "does not hold" in refuses(request(), path="/inbox?x")
        assert "does not hold" in refuses(request(), host="kawabe.example")
        assert "does not hold" in refuses(request(), scheme="http")
        signed = read("PUT", "/inbox", request(), BODY, host=HOST, now=SPRING_MORNING)
        with pytest.raises(SignatureInvalid, match="does not hold"):
            verify(signed, key().public_key())

    def test_signed_for_another_host_whatever_the_host_header_says(self):
        """The target is rebuilt from our own name: a letter for another town cannot be brought here."""
        sent = request(url="https://kawabe.example/inbox")
        sent["host"] = HOST
        assert "does not hold" in refuses(sent)

    def test_another_key(self):
        assert "does not hold" in refuses(request(with_key=key(1)))
        assert "does not hold" in refuses(
            request(with_key=EDWARDS), by=Ed25519PrivateKey.generate().public_key()
        )

    @pytest.mark.parametrize(
        "names",
        [
            ("@target-uri", "content-digest"),
            ("@method", "content-digest"),
            ("@method", "@authority", "content-digest"),
            ("@method", "@path", "content-digest"),
            ("@method", "@target-uri"),
            (),
        ],
    )
    def test_too_little_covered(self, names):
        sent = signed_headers(
            "POST", INBOX, BODY, key_id=KEY_ID, key=key(), now=SPRING_MORNING, names=names or ("@method",)
        )
        if not names:
            sent["signature-input"] = sent["signature-input"].replace('("@method")', "()")
        assert "does not cover" in refuses(sent)

    def test_a_query_that_is_not_covered(self):
        sent = request(body=None, url=f"{INBOX}?a=1", names=("@method", "@authority", "@path"))
        assert "does not cover" in refuses(sent, None, path="/inbox?a=1")

    @pytest.mark.parametrize("name", ["@method;req", "@target-uri;req", 'content-digest;key="sha-256"'])
    def test_what_is_covered_in_some_other_sense(self, name):
        bare = name.partition(";")[0]
        names = tuple(name if each == bare else each for each in peer_rfc9421.POST)
        assert "does not cover" in refuses(request(names=names))

    def test_no_moment(self):
        assert "created" in refuses(request(parameters={"created": ""}))

    @pytest.mark.parametrize("created", ['"soon"', "1.5", "?1", "-1", "99999999999999"])
    def test_created_that_is_no_moment_of_now(self, created):
        refuses(request(parameters={"created": created}))

    @pytest.mark.parametrize("distance", [HOUR + 1000, -HOUR - 1000, 30 * 24 * HOUR])
    def test_too_old_or_too_new(self, distance):
        assert "hour" in refuses(request(now=SPRING_MORNING + distance))

    @pytest.mark.parametrize("expires", [str(NOW - 1), '"never"', "1.5"])
    def test_expired(self, expires):
        assert "expired" in refuses(request(now=SPRING_MORNING - 60_000, parameters={"expires": expires}))

    @pytest.mark.parametrize("key_id", ["", '"' + "x" * 3_000 + '"', "5", "token", ":eA==:"])
    def test_no_usable_key(self, key_id):
        assert "keyid" in refuses(request(parameters={"keyid": key_id}))

    @pytest.mark.parametrize("alg", ["hmac-sha256", "rsa-pss-sha512", "ecdsa-p256-sha256", "none", ""])
    def test_other_algorithms(self, alg):
        assert "not taken" in refuses(request(parameters={"alg": f'"{alg}"'}))

    def test_what_it_calls_its_algorithm_only_narrows(self):
        """The kind of the key decides; a name that does not fit it lets nothing in."""
        assert "kind" in refuses(request(parameters={"alg": '"ed25519"'}))
        assert "kind" in refuses(
            request(with_key=EDWARDS, parameters={"alg": '"rsa-v1_5-sha256"'}), by=EDWARDS.public_key()
        )

    def test_other_hashes_and_paddings(self):
        sent = request()
        signed = taken_in(sent)
        for padding, hashed in ((PKCS1v15(), SHA512()), (PSS(MGF1(SHA512()), PSS.MAX_LENGTH), SHA512())):
            made = base64.b64encode(key().sign(signed.messages[0], padding, hashed)).decode()
            assert "does not hold" in refuses(dict(sent) | {"signature": f"sig1=:{made}:"})

    def test_keys_of_other_kinds(self):
        signed = taken_in(request())
        for other in (key(), EDWARDS, b"secret", None):
            with pytest.raises(SignatureInvalid, match="kind"):
                verify(signed, other)

    def test_labels_that_stand_twice(self):
        sent = request()
        sent["signature-input"] = f"{sent['signature-input']}, {sent['signature-input']}"
        assert "twice" in refuses(sent)
        sent = request()
        sent["signature"] = f"{sent['signature']}, {sent['signature']}"
        assert "twice" in refuses(sent)

    @pytest.mark.parametrize("extra", ["created=1", 'keyid="x"', 'alg="ed25519"'])
    def test_parameters_that_stand_twice(self, extra):
        sent = request(parameters={"alg": '"rsa-v1_5-sha256"'})
        sent["signature-input"] += f";{extra}"
        assert "twice" in refuses(sent)

    def test_components_that_stand_twice(self):
        assert "multiple times" in refuses(request(names=("@method", *peer_rfc9421.POST)))

    def test_unknown_parameters(self):
        assert "parameter" in refuses(request(parameters={"x": "1"}))

    def test_labels_that_do_not_belong_together(self):
        sent = request()
        assert "belong together" in refuses(
            dict(sent) | {"signature": sent["signature"].replace("sig1", "sig2")}
        )
        many = ", ".join(request(label=f"s{number}")["signature-input"] for number in range(5))
        signed = ", ".join(request(label=f"s{number}")["signature"] for number in range(5))
        assert "belong together" in refuses(dict(sent) | {"signature-input": many, "signature": signed})

    def test_a_second_signature_header(self):
        sent = request()
        sent.add("Signature", sent["signature"])
        assert "twice" in refuses(sent)

    @pytest.mark.parametrize("name", ["signature", "signature-input"])
    def test_half_of_it_missing(self, name):
        sent = request()
        del sent[name]
        refuses(sent)

    @pytest.mark.parametrize(
        "digest",
        [
            "",
            "sha-256",
            "sha-256=x",
            "md5=:eA==:",
            "sha-256=:eA==:",
            "sha-256=5",
            "sha-256=:AAAA:, sha-512=:BBBB:",
        ],
    )
    def test_digests_that_prove_nothing(self, digest):
        refuses(request(values={"content-digest": digest}))

    def test_a_wrong_digest_beside_the_right_one(self):
        both = f"{peer_rfc9421.digest(BODY)}, {peer_rfc9421.digest(b'x', 'sha-512')}"
        assert "digest" in refuses(request(values={"content-digest": both}))

    def test_something_covered_that_is_not_there(self):
        sent = request(names=(*peer_rfc9421.POST, "x-gone"), values={"x-gone": "1"})
        del sent["x-gone"]
        refuses(sent)

    def test_more_than_fits(self):
        refuses(
            request(
                names=(*peer_rfc9421.POST, "x-more"),
                values={"x-more": "1"},
                parameters={"nonce": '"' + "x" * 9_000 + '"'},
            )
        )


class TestFuzz:
    """Whatever the headers say, the answer is SignatureInvalid or a signature; never anything else."""

    @given(st.text(max_size=200))
    @settings(max_examples=300, deadline=None)
    def test_signature_input(self, junk):
        sent = dict(request())
        whole = sent["signature-input"]
        for spoiled in (
            junk,
            whole + junk,
            whole[:40] + junk,
            f"{whole};{junk}",
            f"{whole}, {junk}",
            f"{junk}, {whole}",
        ):
            self.survives({**sent, "signature-input": spoiled})

    @given(st.text(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_signature(self, junk):
        sent = dict(request())
        for spoiled in (junk, sent["signature"] + junk, f"sig1=:{junk}:", f"sig1=({junk})"):
            self.survives({**sent, "signature": spoiled})

    @given(
        st.dictionaries(
            st.sampled_from(["host", "date", "content-digest", "content-type", "x"]), st.text(max_size=80)
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_what_is_covered(self, junk):
        names = (*peer_rfc9421.POST, "host", "content-type", "x")
        self.survives({**request(names=names, values={"x": "1"}), **junk})

    @given(st.text(max_size=60))
    @settings(max_examples=200, deadline=None)
    def test_paths(self, junk):
        for path in (junk, f"/{junk}", f"/inbox?{junk}", f"//{junk}", f"http://{junk}"):
            self.survives(dict(request()), path=path)

    @given(
        st.lists(
            st.sampled_from(
                [
                    '"@method"',
                    '"@target-uri"',
                    '"@query-param";name="a"',
                    '"@status"',
                    '"x";bs',
                    '"x";sf',
                    '"x";key="a"',
                    '"@method";req',
                    '"signature"',
                    "5",
                    '"X"',
                    '"@signature-params"',
                    '""',
                    '"@request-response"',
                ]
            ),
            max_size=8,
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_components_of_every_kind(self, names):
        sent = dict(request())
        listed = " ".join(['"content-digest"', *names])
        said = f'sig1=({listed});created={NOW};keyid="k"'
        self.survives({**sent, "signature-input": said})

    def survives(self, headers, path="/inbox"):
        try:
            check(headers, path=path)
        except SignatureInvalid:
            return


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
