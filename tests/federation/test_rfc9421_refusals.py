"""What must not pass for an RFC 9421 signature."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA512
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.signatures import SignatureInvalid, read, verify
from tests import peer_rfc9421
from tests.federation.handmade import BODY, HOST, HOUR, INBOX, KEY_ID, key
from tests.federation.handmade_rfc9421 import EDWARDS, NOW, check, refuses, request, taken_in
from tests.peer_rfc9421 import signed_headers
from tests.towns import SPRING_MORNING


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
        for host in ("kawabe.example", HOST):
            sent = request(url="https://kawabe.example/inbox")
            sent["host"] = host
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
