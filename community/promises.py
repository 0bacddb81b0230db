"""まちの約束: the rules of every town, one source for the page, for apps and for what a report is about.

Their numbers are kept by apps and stand in reports: a promise may be reworded, but never gets another number.
"""

from collections.abc import Mapping

PROMISES: Mapping[int, str] = {
    1: "どんな質問も笑いません。知らないことは、はずかしいことではありません。",
    2: "やさしく、ていねいに答えます。わからないときは、わからないと言います。",
    3: "助かったら、ありがとうを贈ります。いつになってもかまいません。",
    4: "会社や人がわかることは書きません。ほかの人がだれなのかを探りません。",
    5: "売りこみや勧誘はしません。ありがとうは、お金にかえられません。",
    6: "静かに読むだけの人も、りっぱな、まちのなかまです。",
    7: "困った書きこみには言い返さず、まちに知らせます。まず言いかえをお願いし、いったん伏せるのは、そのあとです。",
}
"""Each by its number, in the order in which they are shown."""
