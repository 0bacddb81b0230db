import itertools

import pytest

from community import passphrases
from community.errors import Invalid


def test_ten_characters_and_no_other_rule():
    for short in ("", "123456789", "あいうえおかきくけ"):
        with pytest.raises(Invalid) as caught:
            passphrases.hash_passphrase(short)
        assert caught.value.field == "passphrase"
    passphrases.check("aaaaaaaaaa")
    passphrases.check("あ" * 5000)


def test_a_passphrase_fits_itself_alone():
    stored = passphrases.hash_passphrase("みなとの朝はパンﾀﾞ")
    assert stored.startswith("$argon2id$")
    assert passphrases.verify_passphrase(stored, "みなとの朝はパンダ")  # full width or half: the same keys
    assert not passphrases.verify_passphrase(stored, "みなとの朝はパンが")
    assert not passphrases.verify_passphrase("no hash", "みなとの朝はパンダ")


def test_a_recovery_code_is_forgiving_about_looks_only():
    code = passphrases.new_recovery_code()
    stored = passphrases.hash_recovery_code(code)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert len(stored) == 64
    assert passphrases.verify_recovery_code(stored, typed)
    assert passphrases.verify_recovery_code(stored, code.translate(str.maketrans("ABC-", "ＡＢＣ－")))
    assert not passphrases.verify_recovery_code(stored, typed[:-1])
    assert not passphrases.verify_recovery_code("", "")
    assert not passphrases.verify_recovery_code(stored, "")


def test_codes_are_long_and_never_alike():
    codes = {passphrases.plain_code(passphrases.new_recovery_code()) for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 26 for code in codes)  # 130 bits


def test_a_phrase_can_be_written_down_and_read_back():
    phrases = {passphrases.new_phrase() for _ in range(200)}
    assert len(phrases) == 200
    words = [phrase.split() for phrase in phrases]
    assert {len(each) for each in words} == {8}
    assert all("ぁ" <= sign <= "ん" or sign == "ゔ" for sign in "".join(itertools.chain(*words)))
    phrase = phrases.pop()
    in_katakana = "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ん" else "、" for sign in phrase)
    assert passphrases.plain_phrase(in_katakana) == passphrases.plain_phrase(f" {phrase}。")


def test_a_phrase_has_64_bits():
    words = passphrases._words()
    assert len(set(words)) == len(words)
    assert len(words) ** 8 >= 2**64
