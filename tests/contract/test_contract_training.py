"""What only rehearses is told by its name, at both ends."""

from cloud_sync.contract.training import is_in_training, real_name


def test_a_name_says_who_trains() -> None:
    assert [is_in_training(name) for name in ("mirror-4", "mirror-4.training", "training")] == [0, 1, 0]
    assert [real_name(name) for name in ("mirror-4", "mirror-4.training")] == ["mirror-4", "mirror-4"]
