"""What people of a town might write: Japanese and English of every length, made from parts, the same for one seed."""

from dataclasses import dataclass
from html import escape
from random import Random

TOPICS = (
    "有給休暇の管理", "年末調整", "36協定の届出", "備蓄品の入れ替え", "契約書の保管", "社用車の点検", "健康診断の予約",
    "入社手続き", "退職者の機器回収", "会議室の予約", "名刺の発注", "防災訓練", "固定資産の棚卸し", "郵便物の仕分け",
    "安全衛生委員会", "電子契約の導入", "慶弔の対応", "社内規程の見直し", "複合機の入れ替え", "株主総会の準備",
    "引っ越しの見積もり", "鍵と入館証の管理", "ストレスチェック", "算定基礎届", "インボイスの確認", "清掃会社との打ち合わせ",
)  # fmt: skip
TAGS = (
    "総務", "労務", "備蓄", "防災", "年末調整", "有給休暇", "電子契約", "社用車", "健康診断", "規程", "会議室", "文具",
    "引っ越し", "安全衛生", "慶弔", "株主総会", "インボイス", "押印", "郵便", "福利厚生", "研修", "採用", "入社手続き",
    "退職手続き", "固定資産", "複合機", "清掃", "名刺", "受付", "電話", "dx", "excel", "ひとり総務", "情シス", "bcp",
)  # fmt: skip
_WHERE = ("五十人ほどの会社で", "製造業の本社で", "支店が三つある会社で", "出社と在宅が半々の職場で", "はじめて担当になった者ですが、", "")
_ASKING = (
    "{topic}について、みなさんの会社ではどうしていますか。", "{topic}を見直すことになりました。どこから手をつけるとよいでしょう。",
    "{topic}の手順書を作っています。抜けやすいところがあれば教えてください。", "{topic}を外に頼むか、自分たちで続けるか迷っています。",
    "{topic}の締め切りを、どのくらい前に知らせていますか。",
)  # fmt: skip
_SAYING = (
    "{where}{topic}を担当して三年になります。", "今年は{topic}を紙からやめて、ずいぶん楽になりました。",
    "うちでは毎年六月に{topic}の一覧を作りなおしています。", "{topic}は、前の担当の方が残してくれたメモに助けられました。",
    "まず台帳をひとつにまとめて、次に期限を書き入れるのがよいと思います。", "念のため、所轄の窓口に電話で確かめるのが確実でした。",
    "チェックリストは表計算で作り、部署ごとに色を分けています。", "{where}同じことで悩みました。結局、月に一度だけ見直す日を決めました。",
    "数字は変わることがあるので、いつ時点のものかを書き添えるようにしています。", "急がず、来月の会議までに決めれば十分間に合います。",
    "費用は一人あたり二千円ほどで収まりました。", "社内の掲示は短く、くわしい説明は別のページに分けると読んでもらえます。",
    "困ったときは、となりの部署の人に聞くのがいちばん早かったです。", "経営の方には、止まったときの損を数字で見せると伝わります。",
    "この件は{topic}とも関わるので、あわせて確認してください。", "ありがとうございます。さっそく試してみます。",
)  # fmt: skip
_ENGLISH = (
    "We moved our {n} paper forms to a shared sheet this spring and never looked back.",
    "How do other small offices keep track of keys and access cards?",
    "Ask the local office first: the answer differs by prefecture.",
    "Our stock of water and food is renewed every September, before the drill.",
    "A checklist with dates and one name for each line has saved us more than any tool.",
)
_TITLES = ("{topic}の進め方を教えてください", "{topic}はどこまで必要ですか", "{where}{topic}をしている方へ", "{topic}で気をつけること")
_POOL = 4_000


@dataclass(frozen=True, slots=True)
class Words:
    html: str
    text: str
    language: str


class Pen:
    """Makes texts. Some thousand are made beforehand and then taken in turn, told apart by a number."""

    def __init__(self, pick: Random) -> None:
        self._pick = pick
        self._taken = 0
        self._said = [self._japanese(_SAYING) for _ in range(_POOL)]
        self._asked = [self._japanese(_ASKING) for _ in range(_POOL // 4)]
        self._english = [self._foreign() for _ in range(_POOL // 8)]

    def saying(self) -> Words:
        """What somebody notes, answers or comments."""
        pool = self._english if self._pick.random() < 0.1 else self._said
        return self._numbered(self._pick.choice(pool))

    def asking(self) -> tuple[str, Words]:
        """A question: its title and its words."""
        return self._filled(self._pick.choice(_TITLES)), self._numbered(self._pick.choice(self._asked))

    def line(self) -> str:
        """One short sentence."""
        return self._filled(self._pick.choice(_SAYING))

    def paragraph(self, *, least: int, most: int) -> str:
        """Some sentences as HTML."""
        count = self._pick.randint(least, most)
        return f"<p>{''.join(self.line() for _ in range(count))}</p>"

    def topic(self) -> str:
        return self._pick.choice(TOPICS)

    def _numbered(self, words: Words) -> Words:
        """A text of its own: no two posts of a real town say the same."""
        self._taken += 1
        if self._taken % 3:
            return words
        mark = f"（{self._taken}件目）" if words.language == "ja" else f" (no. {self._taken})"
        return Words(words.html.removesuffix("</p>") + mark + "</p>", words.text + mark, words.language)

    def _japanese(self, opening: tuple[str, ...]) -> Words:
        """From one sentence to a dozen; most are short."""
        count = min(12, 1 + int(self._pick.expovariate(0.35)))
        lines = [self._filled(self._pick.choice(opening))] + [self.line() for _ in range(count - 1)]
        return self._words(lines, "", "ja")

    def _foreign(self) -> Words:
        lines = [self._pick.choice(_ENGLISH).format(n=self._pick.randint(2, 90)) for _ in range(self._pick.randint(1, 4))]
        return self._words(lines, " ", "en")

    def _words(self, lines: list[str], between: str, language: str) -> Words:
        paragraphs = [between.join(lines[at : at + 4]) for at in range(0, len(lines), 4)]
        html = "".join(f"<p>{escape(each)}</p>" for each in paragraphs)
        return Words(html, "\n\n".join(paragraphs), language)

    def _filled(self, sentence: str) -> str:
        return sentence.format(topic=self.topic(), where=self._pick.choice(_WHERE))
