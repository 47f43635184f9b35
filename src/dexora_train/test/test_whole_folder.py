"""Pins that a folder is replaced whole or stays as it was."""

import pytest
from dexora_train.whole_folder import whole_folder


def test_what_was_there_is_replaced_whole(tmp_path):
    for content in ("first", "second"):
        with whole_folder(tmp_path / "there" / "it") as folder:
            (folder / content).write_text(content)
    assert [path.name for path in (tmp_path / "there" / "it").iterdir()] == ["second"]
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["it"]


def test_what_a_killed_process_had_moved_aside_is_put_back(tmp_path):
    (tmp_path / ".it.old").mkdir()
    (tmp_path / ".it.old" / "first").touch()
    with pytest.raises(OSError, match="full"), whole_folder(tmp_path / "it"):
        raise OSError("full")
    assert [path.name for path in (tmp_path / "it").iterdir()] == ["first"]


def test_linked_folder_is_replaced_again_and_again(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "it").symlink_to(tmp_path / "other")
    for _ in range(2):
        with whole_folder(tmp_path / "it") as folder:
            (folder / "new").touch()
    assert (tmp_path / "it" / "new").exists()
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_failure_leaves_what_was_there_and_nothing_else(tmp_path, error):
    with whole_folder(tmp_path / "it") as folder:
        (folder / "first").touch()
    with pytest.raises(error), whole_folder(tmp_path / "it") as folder:
        (folder / "half").touch()
        raise error
    assert [path.name for path in (tmp_path / "it").iterdir()] == ["first"]
    assert [path.name for path in tmp_path.iterdir()] == ["it"]
