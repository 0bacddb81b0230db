from community import ids

SECOND = 1_775_000_000_000


def test_ids_of_one_moment_never_repeat_and_grow(monkeypatch):
    monkeypatch.setattr(ids.secrets, "randbits", lambda bits: 5)  # the worst luck there is
    made = [ids.new(SECOND + 1) for _ in range(1_000)]
    assert made == sorted(set(made))
    assert {ids.moment(each) for each in made} == {SECOND + 1}


def test_nor_when_other_moments_come_between(monkeypatch):
    monkeypatch.setattr(ids.secrets, "randbits", lambda bits: 5)
    made = [ids.new(SECOND + 10 + number % 3) for number in range(300)]
    assert len(set(made)) == 300


def test_an_id_lies_between_its_moment_and_the_next():
    made = ids.new(SECOND + 20)
    assert ids.first_of(SECOND + 20) <= made < ids.first_of(SECOND + 21)
    assert made <= ids.LARGEST
