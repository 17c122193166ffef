"""Ids are made in time order and cannot be guessed."""

from matinee.kernel.ids import new_id


def test_an_id_is_of_version_7_with_74_bits_that_differ_from_one_to_the_next() -> None:
    made = [new_id().int for _ in range(400)]
    fixed = (0xF << 76) | (0b11 << 62)
    assert {one & fixed for one in made} == {(0x7 << 76) | (0b10 << 62)}
    ever, always = 0, (1 << 128) - 1
    for one in made:
        ever |= one
        always &= one
    chance = ((1 << 80) - 1) & ~fixed
    assert chance.bit_count() == 74
    assert (ever & ~always) & chance == chance, "each of them is 0 in some id and 1 in another"
