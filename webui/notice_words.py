"""お知らせ in a sentence, for where there is no page to show it on."""

import gettext

from community.models import Account
from webui import i18n

SENTENCES = {
    "answer": "%(who)sから、回答が届きました。",
    "comment": "%(who)sから、コメントが届きました。",
    "mention": "%(who)sが、あなたに話しかけています。",
    "thanks": "%(who)sから、ありがとうが届きました。",
    "chosen": "%(who)sが、あなたの回答を決め手に選びました。",
    "like": "%(who)sから、いいねが届きました。",
    "boost": "%(who)sが、あなたの書きこみを広めました。",
    "follow": "%(who)sが、あなたをフォローしました。",
    "follow_request": "%(who)sから、フォローのお願いが届いています。",
    "poll": "%(who)sのアンケートが終わりました。",
    "update": "%(who)sが、書きこみを書きなおしました。",
    "quote": "%(who)sが、あなたの書きこみを引用しました。",
    "quoted_update": "%(who)sが、あなたの引用した書きこみを書きなおしました。",
    "post": "%(who)sが、新しく書きこみました。",
    "report": "%(who)sから、通報が届きました。",
    "sign_up": "%(who)sが、まちにやってきました。",
    "join": "%(who)sが、あなたの旗に集まりました。",
    "flag_closed": "%(who)sの旗が、おひらきになりました。",
    "flag_declined": "%(who)sの旗には集まれませんでした。定員になったか、おひらきになったようです。",
}


def sentence(catalogue: gettext.NullTranslations, kind: str, who: Account) -> str:
    """What happened, in the language of `catalogue`."""
    return i18n.translate(catalogue, SENTENCES[kind], {"who": polite(catalogue, who)})


def polite(catalogue: gettext.NullTranslations, who: Account) -> str:
    """The shown name within a sentence, with さん where it has none; the town of those from elsewhere."""
    _ = catalogue.gettext
    if who.kind == "relay":
        name = _("だれかさん")
    elif who.deleted_at is not None:
        name = _("まちを出た方")
    else:
        name = _("%(name)sさん") % {"name": who.display_name or who.name}
    return name if who.local else _("%(name)s（%(town)s）") % {"name": name, "town": who.domain}
