"""さがす: who finds what by which words, on both engines."""

import pytest
import sqlalchemy as sa

from community import (
    bookmarks,
    boosts,
    distance,
    events,
    follows,
    lexicon,
    likes,
    members,
    mutes,
    notes,
    posts,
    questions,
    search,
    text,
    towns,
)  # fmt: skip
from community.models import Account, Post
from community.search_terms import read
from community.visibility import PUBLIC, Viewer
from tests import factories


@pytest.fixture
def settle(session, bus):
    """Hands what happened over to the subscribers, as a commit would."""
    search.subscribe(bus)

    def hand_over():
        session.flush()
        bus.dispatch(session)

    return hand_over


@pytest.fixture
def find(session, settle):
    def look(viewer, typed, **options):
        settle()
        return search.posts(session, viewer, read(typed), **options)

    return look


def note(session, author, words, *, visibility="open", origin=None):
    body = text.from_markdown(words) if origin is None else text.from_html(f"<p>{words}</p>")
    return notes.write(session, author=author, body=body, visibility=visibility, origin=origin)


def remote_note(session, author, words, number, **options):
    return note(session, author, words, origin=factories.origin(f"{author.uri}/posts/{number}"), **options)


def test_questions_are_found_by_title_body_tag_and_basis(session, find):
    hanako = factories.member(session, "hanako")
    asked = factories.question(
        session, hanako, title="労災の手続きはどこへ？", body="ﾊﾟｰﾄの方がけがをしました。", tags=["労働保険"]
    )
    viewer = factories.viewer(session, hanako)
    for typed in ("労災", "手続き", "ろうさい労災", "パート", "ぱーと", "パートの方", "労働保険", "労災 けが"):
        expected = [] if typed == "ろうさい労災" else [asked.id]
        assert find(viewer, typed) == expected, typed
    for typed in ("労災保険組合", "きつね", "労災 きつね", "", "！？"):
        assert find(viewer, typed) == [], typed


def test_single_characters_are_found_wherever_they_stand(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    first, second = note(session, hanako, "会議室の鍵"), note(session, hanako, "鍵の管理")
    note(session, hanako, "会議室の予約")
    assert find(viewer, "鍵") == [second.id, first.id]


def test_pairs_must_follow_each_other(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    note(session, hanako, "年末の調整は末調で")
    found = note(session, hanako, "年末調整の書類")
    assert find(viewer, "年末調整") == [found.id]


def test_words_of_the_trade_are_one(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    made = [note(session, hanako, words).id for words in ("年休を付与する", "有給休暇のこと", "電子帳簿保存法", "36協定届")]
    assert find(viewer, "有休") == [made[1], made[0]]
    assert find(viewer, '"有休"') == []
    assert find(viewer, "電帳法") == [made[2]]
    assert find(viewer, "サブロク") == [made[3]]


def test_an_edit_is_found_and_what_it_replaced_no_more(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    post = note(session, hanako, "備蓄の水について")
    assert find(viewer, "備蓄") == [post.id]
    posts.edit(session, post=post, by=hanako, body=text.from_markdown("乾パンについて"))
    assert find(viewer, "備蓄") == []
    assert find(viewer, "乾パン") == [post.id]
    posts.edit(session, post=post, by=hanako, body=text.from_markdown("備蓄の乾パン"))
    assert find(viewer, "備蓄") == [post.id]


def test_what_is_taken_back_is_found_no_more_and_leaves_no_word(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    asked = factories.question(session, hanako, title="消える予定の質問です", tags=["退職手続き"])
    assert find(viewer, "消える予定") == [asked.id]
    posts.delete(session, post=asked, by=hanako)
    assert find(viewer, "消える予定") == []
    assert session.scalar(sa.text("SELECT count(*) FROM post_words")) == 0
    found = lexicon.POSTS.found(session, (("消える",),), most=10)
    assert session.execute(sa.select(found.c.id)).all() == []


def test_a_reworded_question_is_found_by_its_new_tags(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    asked = factories.question(session, hanako, tags=["備蓄"])
    assert find(viewer, "備蓄") == [asked.id]
    questions.edit(
        session, post=asked, by=hanako, title=asked.title, body=text.from_markdown("ことば"), tags=["防災訓練"]
    )
    assert find(viewer, "備蓄") == []
    assert find(viewer, "防災訓練") == [asked.id]


def test_whom_what_was_written_in_town_reaches(session, find):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    wide = {
        name: factories.question(session, hanako, title=f"労災のこと{name}", visibility=name).id
        for name in ("open", "sister", "town")
    }
    narrow = {name: note(session, hanako, f"労災のこと{name}", visibility=name).id for name in ("unlisted", "followers")}
    me = factories.viewer(session, hanako)
    assert find(PUBLIC, "労災") == [wide["open"]]
    assert find(factories.viewer(session, taro), "労災") == [wide["town"], wide["sister"], wide["open"]]
    assert find(me, "労災") == [narrow["followers"], narrow["unlisted"], *find(factories.viewer(session, taro), "労災")]
    follows.request(session, follower=taro, followee=hanako)
    # Seen by a follower, but meant for no search until they had to do with it.
    assert narrow["followers"] not in find(factories.viewer(session, taro), "労災")
    likes.like(session, account=taro, post=session.get_one(Post, narrow["followers"]))
    assert narrow["followers"] in find(factories.viewer(session, taro), "労災")


def test_others_are_found_if_they_agreed_or_are_followed_or_live_in_a_sister_town(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    quiet = factories.remote(session, "quiet", "far.example")
    agreed = factories.remote(session, "agreed", "far.example")
    followed = factories.remote(session, "followed", "far.example")
    neighbour = factories.remote(session, "akari", "yamate.example")
    agreed.indexable = True
    factories.sister(session, "yamate.example")
    follow = follows.request(session, follower=hanako, followee=followed)
    follows.accept(session, follow=follow)
    made = [
        remote_note(session, each, "労災のはなし", number).id
        for number, each in enumerate((quiet, agreed, followed, neighbour))
    ]
    assert set(find(viewer, "労災")) == set(made[1:])
    assert find(PUBLIC, "労災") == []
    assert find(Viewer(factories.member(session, "taro").id), "労災 はなし") == sorted((made[1], made[3]), reverse=True)


def test_what_one_had_to_do_with_is_found(session, find):
    hanako = factories.member(session, "hanako")
    quiet = factories.remote(session, "quiet", "far.example")
    viewer = factories.viewer(session, hanako)
    made = [remote_note(session, quiet, f"労災のはなし{number}", number) for number in range(6)]
    likes.like(session, account=hanako, post=made[0])
    bookmarks.keep(session, account_id=hanako.id, post=made[1])
    boosts.boost(session, account=hanako, post=made[2])
    factories.answer(session, hanako, made[3], body="ありがとうございます。")
    posts.mention(session, made[4], [hanako])
    assert find(viewer, "労災") == [each.id for each in reversed(made[:5])]


def test_nobody_finds_what_they_may_not_see(session, find):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    whispered = note(session, hanako, "ひみつの労災", visibility="direct")
    assert find(factories.viewer(session, taro), "ひみつ") == []
    posts.mention(session, whispered, [taro])
    assert find(factories.viewer(session, taro), "ひみつ") == [whispered.id]
    taro.suspended_at = 1
    hanako.suspended_at = 1
    assert find(factories.viewer(session, taro), "ひみつ") == []


def test_whom_one_turned_away_from_stays_out_of_the_list(session, find):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    note(session, hanako, "労災のこと")
    viewer = factories.viewer(session, taro)
    assert find(viewer, "労災")
    mutes.mute(session, account=taro, target=hanako)
    assert find(viewer, "労災") == []


def test_silenced_people_are_found_by_followers_alone(session, find):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    post = note(session, hanako, "労災のこと")
    hanako.silenced_at = 1
    viewer = factories.viewer(session, taro)
    assert find(viewer, "労災") == []
    assert find(factories.viewer(session, hanako), "労災") == [post.id]
    follows.request(session, follower=taro, followee=hanako)
    assert find(viewer, "労災") == [post.id]


def test_an_anonymous_question_is_found_by_its_words_and_never_by_its_asker(session, find):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    hidden = factories.anonymous_question(session, hanako)
    viewer = factories.viewer(session, taro)
    assert find(viewer, "給与計算のまちがい") == [hidden.id]
    assert find(viewer, "給与計算 from:hanako") == []
    assert find(factories.viewer(session, hanako), "給与計算 from:me") == []
    assert find(viewer, "from:dareka") == [hidden.id]


def test_operators(session, find, clock):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    viewer = factories.viewer(session, hanako)
    asked = factories.question(session, hanako, title="給与の締め日のこと")
    clock.advance(days=1)
    answered = factories.answer(session, taro, asked, body="給与は月末です。")
    assert find(viewer, "給与") == [answered.id, asked.id]
    assert find(viewer, "給与 from:@taro") == [answered.id]
    assert find(viewer, "給与 from:taro@minato.example") == [answered.id]
    assert find(viewer, "給与 from:nobody") == []
    assert find(viewer, "from:me") == [asked.id]
    assert find(viewer, "from:me -給与") == []
    assert find(viewer, "給与 -月末") == [asked.id]
    assert find(viewer, "給与 is:reply") == [answered.id]
    assert find(viewer, "給与 -is:reply") == [asked.id]
    assert find(viewer, "給与 is:question") == [asked.id]
    assert find(viewer, "給与 has:media") == []
    assert find(viewer, "給与 after:2026-04-01") == [answered.id]
    assert find(viewer, "給与 before:2026-04-02") == [asked.id]
    assert find(viewer, "給与 during:2026-04-02") == [answered.id]
    assert find(viewer, "給与", author_id=taro.id) == [answered.id]
    assert find(viewer, "給与", limit=1) == [answered.id]
    assert find(viewer, "給与", limit=1, offset=1) == [asked.id]
    assert find(viewer, "給与", max_id=answered.id) == [asked.id]
    assert find(viewer, "給与", min_id=asked.id) == [answered.id]


def test_quotes_and_signs_in_a_query_do_no_harm(session, find):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    post = note(session, hanako, "AND OR NOT NEAR(a b) DROP TABLE 'posts'; -- 労災")
    for typed in ('"NEAR(a b)"', "AND", "NOT", 'x" OR "y', "posts'; --", "労災*", "^労災", "grams:労災", "%", "_"):
        find(viewer, typed)
    assert find(viewer, "NEAR") == [post.id]
    assert find(viewer, "DROP TABLE") == [post.id]


def test_a_search_is_three_queries_however_much_it_finds(session, settle, queries):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    for number in range(30):
        note(session, hanako, f"労災のこと{number}")
    settle()
    with queries() as sent:
        assert len(search.posts(session, viewer, read("労災"), limit=5)) == 5
    few = len(sent)
    with queries() as sent:
        assert len(search.posts(session, viewer, read("労災"), limit=30)) == 30
    assert len(sent) == few <= 3


def test_no_more_than_so_many_posts_are_looked_at(session, settle, monkeypatch):
    hanako = factories.member(session, "hanako")
    for number in range(6):
        note(session, hanako, f"労災のこと{number}")
    settle()
    monkeypatch.setattr(search, "READ_MOST", 4)
    assert len(search.posts(session, factories.viewer(session, hanako), read("労災"))) == 4
    assert len(search.posts(session, factories.viewer(session, hanako), read("from:me"))) == 4


def plan(session, database_look):
    """How the engine would go about what `database_look` asks last."""
    seen = []

    def note_statement(_connection, _cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    sa.event.listen(session.get_bind(), "before_cursor_execute", note_statement)
    database_look()
    sa.event.remove(session.get_bind(), "before_cursor_execute", note_statement)
    statement, parameters = seen[-1]
    how = "EXPLAIN QUERY PLAN " if session.get_bind().dialect.name == "sqlite" else "EXPLAIN "
    rows = session.connection().exec_driver_sql(how + statement, parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_posts_are_read_through_the_index_of_pairs(session, settle):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    note(session, hanako, "労災のこと")
    settle()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    told = plan(session, lambda: search.posts(session, viewer, read("労災"), max_id=2**62))
    if session.get_bind().dialect.name == "sqlite":
        assert "SCAN post_words_grams VIRTUAL TABLE INDEX" in told
        assert "SEARCH posts USING INTEGER PRIMARY KEY" in told
        assert "SCAN posts" not in told
    else:
        assert "ix_post_words_grams_grams" in told or "post_words_grams_pkey" in told
        assert "Seq Scan on posts" not in told


def test_an_authors_posts_are_read_through_their_own_index(session, settle):
    hanako = factories.member(session, "hanako")
    viewer = factories.viewer(session, hanako)
    note(session, hanako, "労災のこと")
    settle()
    if session.get_bind().dialect.name == "sqlite":
        told = plan(session, lambda: search.posts(session, viewer, read("労災 from:me")))
        assert "USING COVERING INDEX ix_posts_author_id_id" in told
        assert "SCAN posts" not in told


def test_people_are_found_by_handle_name_and_strengths(session, settle):
    hanako = factories.member(session, "hanako", nickname="はなこ", strengths=["36協定"])
    settle()
    taro = factories.remote(session, "taro", "yamate.example")
    taro.display_name = "やまて太郎"
    search.note_account(session, taro.id)
    viewer = factories.viewer(session, hanako)
    for typed in ("hanako", "@hanako", "hana", "はなこ", "ハナコ", "36協定", "@hanako@minato.example"):
        assert search.people(session, viewer, typed) == [hanako.id], typed
    for typed in ("@taro@yamate.example", "taro", "太郎", "yamate", "@taro@yam"):
        assert search.people(session, viewer, typed) == [taro.id], typed
    assert search.people(session, viewer, "") == []
    assert search.people(session, viewer, "dareka") == []


def test_our_own_people_are_found_by_their_whole_handle_too(session):
    hanako = factories.member(session, "hanako")
    factories.remote(session, "hanako", "yamate.example")
    assert search.people(session, PUBLIC, "hanako@minato.example")[:1] == [hanako.id]


def test_the_one_who_is_called_so_comes_first_then_those_one_follows(session):
    me = factories.member(session, "watashi")
    viewer = factories.viewer(session, me)
    other, followed = factories.member(session, "haru_a"), factories.member(session, "haru_b")
    exact = factories.member(session, "haru")
    follows.request(session, follower=me, followee=followed)
    assert search.people(session, viewer, "haru") == [exact.id, followed.id, other.id]
    assert search.people(session, viewer, "haru", following=True) == [followed.id]
    assert search.people(session, viewer, "haru", limit=1, offset=1) == [followed.id]


def test_who_does_not_want_to_be_found_is_found_by_the_whole_handle_alone(session):
    me, hidden = factories.member(session, "watashi"), factories.member(session, "kakure")
    members.update_profile(session, account_id=hidden.id, discoverable=False)
    viewer = factories.viewer(session, me)
    assert search.people(session, viewer, "kakur") == []
    assert search.people(session, viewer, "kakure") == [hidden.id]
    follows.request(session, follower=me, followee=hidden)
    assert search.people(session, viewer, "kakur") == [hidden.id]


def test_people_who_changed_or_left_are_found_as_they_are_now(session, settle):
    me, hana = factories.member(session, "watashi"), factories.member(session, "hanako", nickname="はなこ")
    viewer = factories.viewer(session, me)
    members.update_profile(session, account_id=hana.id, nickname="ことり")
    settle()
    assert search.people(session, viewer, "はなこ") == []
    assert search.people(session, viewer, "ことり") == [hana.id]
    members.leave(session, account_id=hana.id)
    settle()
    assert search.people(session, viewer, "hanako") == []


def test_blocked_people_are_found_by_their_whole_handle_alone(session):
    me, loud = factories.member(session, "watashi"), factories.member(session, "nigiyaka")
    mutes.mute(session, account=me, target=loud)
    assert distance.is_unheard(session, by=me.id, actor=loud.id)
    viewer = factories.viewer(session, me)
    assert search.people(session, viewer, "nigi") == []
    assert search.people(session, viewer, "nigiyaka") == [loud.id]


def test_whoever_waits_or_was_turned_down_is_not_found(session, town):
    me = factories.member(session, "watashi")
    joined = members.join(session, name="shinjin", nickname="しんじん", passphrase_hash=None, application="よろしく")
    viewer = factories.viewer(session, me)
    assert search.people(session, viewer, "shinjin") == []
    members.decline(session, account_id=joined.account.id)
    assert session.get(Account, joined.account.id) is None


def test_tags_are_found_by_any_part_and_only_where_they_show(session):
    me = factories.member(session, "watashi")
    factories.question(session, me, tags=["有給休暇", "休暇"])
    factories.question(session, me, tags=["ひみつの休暇"], visibility="town")
    viewer = factories.viewer(session, me)
    assert [tag.label for tag in search.tags(session, viewer, "#休暇")] == ["休暇", "有給休暇", "ひみつの休暇"]
    assert [tag.label for tag in search.tags(session, PUBLIC, "休暇")] == ["休暇", "有給休暇"]
    assert search.tags(session, viewer, "きつね") == []
    assert len(search.tags(session, viewer, "休暇", limit=1, offset=2)) == 1


def test_a_new_host_of_a_silenced_domain_is_silenced_from_the_start(session):
    towns.block(session, domain="loud.example", policy="silence")
    assert towns.is_silenced(session, "sub.loud.example")


def test_subscribers_leave_boosts_alone(session, settle):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    post = note(session, hanako, "労災のこと")
    boost = boosts.boost(session, account=taro, post=post)
    session.info.setdefault("machi.events", []).append(events.PostCreated(boost.id))
    settle()
    assert session.scalar(sa.text("SELECT count(*) FROM post_words")) == 1


def test_our_own_people_and_those_one_follows_are_never_lost_among_strangers(session, monkeypatch):
    monkeypatch.setattr(search, "PEOPLE_READ_MOST", 2)
    me, haru = factories.member(session, "watashi"), factories.member(session, "haru")
    friend = factories.remote(session, "haruka", "far.example")
    follows.accept(session, follow=follows.request(session, follower=me, followee=friend))
    strangers = [factories.remote(session, f"haru{number}", "far.example") for number in range(5)]
    for each in (friend, *strangers):
        search.note_account(session, each.id)
    found = search.people(session, factories.viewer(session, me), "haru")
    assert found[:2] == [haru.id, friend.id]
    assert found[2:] == [each.id for each in strangers[:2:-1]]


def test_people_are_looked_up_without_reading_all_of_them(session):
    me = factories.member(session, "watashi")
    viewer = factories.viewer(session, me)
    if session.get_bind().dialect.name == "sqlite":
        told = plan(session, lambda: search.people(session, viewer, "haru"))
        assert "SCAN account_words_grams VIRTUAL TABLE INDEX" in told
        assert "SCAN accounts" not in told
        assert "SCAN account_words" not in told.replace("SCAN account_words_grams", "")


def test_tags_are_looked_up_without_reading_all_of_them(session):
    if session.get_bind().dialect.name == "sqlite":
        told = plan(session, lambda: search.tags(session, PUBLIC, "休暇"))
        assert "SCAN tag_words_grams VIRTUAL TABLE INDEX" in told
        for table in ("tags", "post_tags", "posts"):
            assert f"SCAN {table}" not in told
