"""Kana to Latin letters, just well enough to suggest a handle for a ニックネーム written in kana."""

import unicodedata

_SYLLABLES = {
    "きゃ": "kya", "きゅ": "kyu", "きょ": "kyo", "しゃ": "sha", "しゅ": "shu", "しょ": "sho", "ちゃ": "cha",
    "ちゅ": "chu", "ちょ": "cho", "にゃ": "nya", "にゅ": "nyu", "にょ": "nyo", "ひゃ": "hya", "ひゅ": "hyu",
    "ひょ": "hyo", "みゃ": "mya", "みゅ": "myu", "みょ": "myo", "りゃ": "rya", "りゅ": "ryu", "りょ": "ryo",
    "ぎゃ": "gya", "ぎゅ": "gyu", "ぎょ": "gyo", "じゃ": "ja", "じゅ": "ju", "じょ": "jo", "びゃ": "bya",
    "びゅ": "byu", "びょ": "byo", "ぴゃ": "pya", "ぴゅ": "pyu", "ぴょ": "pyo", "ふぁ": "fa", "ふぃ": "fi",
    "ふぇ": "fe", "ふぉ": "fo", "てぃ": "ti", "でぃ": "di", "じぇ": "je", "しぇ": "she", "ちぇ": "che",
    "あ": "a", "い": "i", "う": "u", "え": "e", "お": "o", "か": "ka", "き": "ki", "く": "ku", "け": "ke", "こ": "ko",
    "さ": "sa", "し": "shi", "す": "su", "せ": "se", "そ": "so", "た": "ta", "ち": "chi", "つ": "tsu", "て": "te",
    "と": "to", "な": "na", "に": "ni", "ぬ": "nu", "ね": "ne", "の": "no", "は": "ha", "ひ": "hi", "ふ": "fu",
    "へ": "he", "ほ": "ho", "ま": "ma", "み": "mi", "む": "mu", "め": "me", "も": "mo", "や": "ya", "ゆ": "yu",
    "よ": "yo", "ら": "ra", "り": "ri", "る": "ru", "れ": "re", "ろ": "ro", "わ": "wa", "を": "o", "ん": "n",
    "が": "ga", "ぎ": "gi", "ぐ": "gu", "げ": "ge", "ご": "go", "ざ": "za", "じ": "ji", "ず": "zu", "ぜ": "ze",
    "ぞ": "zo", "だ": "da", "ぢ": "ji", "づ": "zu", "で": "de", "ど": "do", "ば": "ba", "び": "bi", "ぶ": "bu",
    "べ": "be", "ぼ": "bo", "ぱ": "pa", "ぴ": "pi", "ぷ": "pu", "ぺ": "pe", "ぽ": "po", "ゔ": "vu",
    "ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o", "ゃ": "ya", "ゅ": "yu", "ょ": "yo",
}  # fmt: skip
_KATAKANA, _HIRAGANA, _KANA = ord("ァ"), ord("ぁ"), ord("ヶ") - ord("ァ") + 1


def latin(text: str) -> str:
    """`text` in lower-case Latin letters and digits; what has no reading here (kanji, signs) is left out."""
    kana = unicodedata.normalize("NFKC", text).casefold()
    kana = "".join(
        chr(ord(sign) - _KATAKANA + _HIRAGANA) if 0 <= ord(sign) - _KATAKANA < _KANA else sign
        for sign in kana
    )
    written: list[str] = []
    doubled = False
    position = 0
    while position < len(kana):
        pair, sign = kana[position : position + 2], kana[position]
        syllable = (
            _SYLLABLES.get(pair)
            or _SYLLABLES.get(sign)
            or (sign if sign.isascii() and sign.isalnum() else "")
        )
        position += 2 if pair in _SYLLABLES else 1
        if sign == "っ":
            doubled = True
            continue
        written.append(
            syllable[0] + syllable if doubled and syllable and syllable[0] not in "aiueo" else syllable
        )
        doubled = False
    return "".join(written)
